import type { Clock } from '../../clock/clock.ts'
import type { Workload } from '../../workload/model.ts'
import type { Crew } from '../crew.ts'
import { type FaultTargets, faultAction } from './fault-actions.ts'
import { type FaultRecord, startFaults } from './fault-runner.ts'

/** Consumers pause and resume at once; a worker that does not answer for so long will be told by the trial's limits. */
const CONSUMERS_LIMIT_MS = 5_000

/** What faults of a trial can reach beside its consumers. */
export type TrialFaultTargets = Pick<FaultTargets, 'broker' | 'network'>

export interface TrialFaultOptions {
  readonly workload: Workload
  readonly targets: TrialFaultTargets
  readonly seed: number
  readonly clock: Clock
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The faults of a trial that has its epoch. */
export interface TrialFaults {
  /** Waits until all are over and taken back; bounded. */
  over(): Promise<readonly FaultRecord[]>
  /** Takes back what is on, and waits for it. */
  cut(): Promise<readonly FaultRecord[]>
}

/** Lets the workload's faults come, counted from the epoch. */
export function armFaults(
  crew: Crew,
  topic: string,
  epochUs: number,
  { workload, targets, seed, clock, say, signal }: TrialFaultOptions,
): TrialFaults {
  const cut = new AbortController()
  const all = (request: 'pauseConsumers' | 'resumeConsumers') => async () => {
    const within = AbortSignal.timeout(CONSUMERS_LIMIT_MS)
    await crew.askAll(request, () => null, { role: 'consumer', signal: within })
  }
  const consumers = { pause: all('pauseConsumers'), resume: all('resumeConsumers') }
  const { records } = startFaults({
    faults: workload.faults ?? [],
    actionOf: (fault, index) => faultAction({ ...targets, consumers, topic, seed }, fault, index),
    clock,
    say,
    epochUs,
    measureUs: Math.round(workload.warmupS * 1e6),
    signal: AbortSignal.any([signal, cut.signal]),
  })
  return {
    over: () => records,
    cut: () => {
      cut.abort()
      return records
    },
  }
}
