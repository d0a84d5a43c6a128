import type { Clock } from '../../clock/clock.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Driver } from '../driver.ts'
import type { Session } from './session.ts'

/** What the conformance suite is run against. */
export interface ConformanceSubject {
  /** Stands in test names and topic names, e.g. `kafka one node`. */
  readonly name: string
  /** A fresh driver, neither opened nor guarded; all of them reach the same server. */
  create(): Driver
  readonly capabilities: Capabilities
  /** A name that no other topic on the server has. */
  makeTopicName(): string
  /** Real time, or the fake's clock: every wait of the suite goes through it. */
  readonly clock: Clock
  /** Limit of one check; 30,000 suits real brokers on a small machine. */
  readonly timeoutMs: number
  /** Sizes that suit the system; each has a default. */
  readonly hints?: ConformanceHints
}

/** What the suite cannot learn from the capabilities. */
export interface ConformanceHints {
  /** Partitions of a topic where there is a choice. Default 4. */
  readonly partitions?: number
  /** Messages of an ordinary check. Default 200. */
  readonly messages?: number
  /** Receivers of one subscription where each gets a part of the streams. Default 5. */
  readonly receivers?: number
  /** Largest number of messages that the driver itself may hold unsettled for one producer. Default 100,000. */
  readonly maxInFlight?: number
  /** Messages offered to a driver that must not take them all, bytes each. Default 256. */
  readonly overloadMessageBytes?: number
  /** How long nothing must come before the suite believes that nothing comes. Default 200. */
  readonly quietMs?: number
}

/** The hints with their defaults. */
export function hintsOf(subject: ConformanceSubject): Required<ConformanceHints> {
  return {
    partitions: 4,
    messages: 200,
    receivers: 5,
    maxInFlight: 100_000,
    overloadMessageBytes: 256,
    quietMs: 200,
    ...subject.hints,
  }
}

/** One property of the contract. `run` rejects with a sentence when the driver does not have it. */
export interface ConformanceCheck {
  readonly name: string
  appliesTo(capabilities: Capabilities): boolean
  run(session: Session): Promise<void>
}
