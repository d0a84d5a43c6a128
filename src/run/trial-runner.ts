import { syncDisk } from './disk.ts'
import type { ExperimentOptions } from './experiment.ts'
import type { OtherBrokers } from './other-brokers.ts'
import type { SideBook } from './side-book.ts'

/** Runs the trials of an experiment, one after another; `onTrial` is awaited after each. */
export type TrialRunner = (
  options: ExperimentOptions & { readonly others: OtherBrokers },
  books: readonly SideBook[],
  onTrial: (label: string) => Promise<void>,
) => Promise<void>

/** No trial pays for the writes of the one before it. Only brokers of this machine write to its disk. */
export async function settleDisk(
  { plan, signal, tell }: Pick<ExperimentOptions, 'plan' | 'signal' | 'tell'>,
  side: string,
): Promise<void> {
  if (plan.sides.every(({ servers }) => servers !== null)) return
  const problem = await syncDisk(signal)
  if (problem !== null) tell({ kind: 'log', side, line: problem })
}
