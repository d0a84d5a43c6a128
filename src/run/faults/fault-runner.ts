import type { Clock } from '../../clock/clock.ts'
import { sleepUntil } from '../../clock/sleep-until.ts'
import { messageOf } from '../../errors/app-error.ts'
import { faultText } from '../../workload/faults.ts'
import type { Fault } from '../../workload/model.ts'
import type { FaultAction } from './fault-actions.ts'

/** Longest time that taking a fault back may take: a restart with its wait for health above all. */
export const RECOVER_LIMIT_MS = 180_000
/** Who leads is asked so long before its time: some brokers take seconds to answer. */
const ASK_LEADER_MS = 15_000

/** What a fault really did; times in µs from the epoch. */
export interface FaultRecord {
  readonly fault: Fault
  /** In words, with the node that was chosen. */
  readonly text: string
  /** Null: the trial ended before its time came. */
  readonly startUs: number | null
  /** When it was taken back: for a node that was killed, when it was healthy again. Null: it could not be. */
  readonly endUs: number | null
  /** What went wrong with the fault itself, else null. */
  readonly error: string | null
}

export interface FaultRunOptions {
  readonly faults: readonly Fault[]
  /** What is done at the begin and at the end of a fault; chosen when its time has come. */
  readonly actionOf: (fault: Fault, index: number) => Promise<FaultAction>
  readonly clock: Clock
  readonly say: (line: string) => void
  readonly epochUs: number
  /** Begin of measure, µs from the epoch. */
  readonly measureUs: number
  /** Aborted: the trial is cut short, and every fault is taken back at once. */
  readonly signal: AbortSignal
}

/** Faults that are under way. */
export interface FaultRun {
  /**
   * Resolves when every fault is over and taken back, in their order; never rejects, and takes at most
   * `RECOVER_LIMIT_MS` longer than the faults.
   */
  readonly records: Promise<readonly FaultRecord[]>
}

/** Lets the faults come at their seconds, each by itself. */
export function startFaults(options: FaultRunOptions): FaultRun {
  return { records: Promise.all(options.faults.map((fault, index) => runFault(options, fault, index))) }
}

async function runFault(options: FaultRunOptions, fault: Fault, index: number): Promise<FaultRecord> {
  const { clock, epochUs, measureUs, signal, say } = options
  const nowUs = () => clock.nowUs() - epochUs
  const until = (us: number) => sleepUntil(clock, epochUs + us, signal)
  let text = faultText(fault)
  let startUs: number | null = null
  let action: FaultAction | undefined
  try {
    const dueUs = measureUs + fault.atS * 1e6
    await until(fault.node === 'leader' ? dueUs - ASK_LEADER_MS * 1000 : dueUs)
    action = await options.actionOf(fault, index)
    text = action.text
    await until(dueUs)
    startUs = nowUs()
    say(`fault begins: ${text}`)
    await action.begin()
  } catch (error) {
    const failed = signal.aborted ? null : messageOf(error)
    if (failed !== null) say(`fault failed: ${text}: ${failed}`)
    // It may have happened in part. What is refused here had not happened at all.
    if (startUs !== null) await action?.end(AbortSignal.timeout(RECOVER_LIMIT_MS)).catch(() => {})
    return { fault, text, startUs, endUs: startUs === null ? null : nowUs(), error: failed }
  }
  // Cut short or not: whatever was begun is taken back.
  await until(startUs + fault.forS * 1e6).catch(() => {})
  try {
    await action.end(AbortSignal.any([AbortSignal.timeout(RECOVER_LIMIT_MS), signal]))
    const endUs = nowUs()
    say(`fault is over: ${text}`)
    return { fault, text, startUs, endUs, error: null }
  } catch (error) {
    const failed = signal.aborted ? null : `could not be taken back: ${messageOf(error)}`
    if (failed !== null) say(`fault ${failed}`)
    return { fault, text, startUs, endUs: null, error: failed }
  }
}
