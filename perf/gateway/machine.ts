import { availableParallelism } from 'node:os'

/** Where things run: a gateway and its load never share a processor, where there is more than one. */
export interface Placement {
  /** For `taskset -c`; null: anywhere. */
  readonly subject: string | null
  readonly load: string | null
}

const IS_PINNABLE = Bun.which('taskset') !== null

/** One processor for each of the subject's `processes` as far as half of them go, the rest for load and sink. */
export function placement(processes = 1): Placement {
  const processors = availableParallelism()
  if (!IS_PINNABLE || processors < 2) return { subject: null, load: null }
  const subjects = Math.min(processes, Math.floor(processors / 2))
  const range = (from: number, to: number) => (from === to ? `${from}` : `${from}-${to}`)
  return { subject: range(0, subjects - 1), load: range(subjects, processors - 1) }
}
