import type { RunEvent } from '../run/events.ts'

/** What a page is told: events of the run that it draws, and the end. */
export type LiveEvent =
  | Extract<RunEvent, { readonly kind: 'trial' | 'step' | 'second' | 'side-failed' | 'side-done' }>
  /** Finished trials have changed: told with their charts, as they are when it is told. */
  | { readonly kind: 'charts' }
  | LiveEnding

/** The run is over; the server closes after telling it. */
export interface LiveEnding {
  readonly kind: 'ended'
  /** The first line of the verdict, or why there is none. */
  readonly sentence: string
  /** Of the sentence: whether it is good news. */
  readonly tone: 'good' | 'notice' | 'bad'
  /** Path of the report's page; null when none was written. */
  readonly report: string | null
}

export interface LogEntry {
  /** Counts from 1, without gaps while nothing was forgotten. */
  readonly number: number
  readonly event: LiveEvent
}

export interface LogLimits {
  readonly seconds: number
  readonly milestones: number
}

/** What was told so far, in bounded memory, for those who come late or come back. */
export interface EventLog {
  append(event: LiveEvent): LogEntry
  /** All entries that are kept with a greater number, in order; 0 for all. */
  since(number: number): readonly LogEntry[]
  /** Seconds of trials that are still shown, forgotten for want of room. */
  readonly forgottenSeconds: number
  /** Number of the last entry; 0 without any. */
  readonly last: number
}

/** Seconds of a side are forgotten when its next trial begins: a page shows the last trial of each side. */
export function createEventLog(limits: LogLimits): EventLog {
  let seconds: LogEntry[] = []
  let milestones: LogEntry[] = []
  let last = 0
  let forgottenSeconds = 0
  return {
    append(event) {
      const entry = { number: ++last, event }
      if (event.kind === 'second') {
        seconds.push(entry)
        if (seconds.length > limits.seconds) {
          seconds.shift()
          forgottenSeconds++
        }
        return entry
      }
      if (event.kind === 'trial') {
        const { side } = event
        seconds = seconds.filter((kept) => kept.event.kind === 'second' && kept.event.side !== side)
      }
      // The last charts hold all that former ones held.
      if (event.kind === 'charts') milestones = milestones.filter((kept) => kept.event.kind !== 'charts')
      milestones.push(entry)
      if (milestones.length > limits.milestones) milestones.shift()
      return entry
    },
    since: (number) =>
      [...milestones, ...seconds]
        .filter((entry) => entry.number > number)
        .sort((a, b) => a.number - b.number),
    get forgottenSeconds() {
      return forgottenSeconds
    },
    get last() {
      return last
    },
  }
}
