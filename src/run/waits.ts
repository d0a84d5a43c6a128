import { AppError } from '../errors/app-error.ts'
import type { WorkerProgress } from '../worker/protocol.ts'
import type { Crew } from './crew.ts'

const PROGRESS_MS = 5_000

/** Aborts with any of the signals, or after the limit. */
export function limit(limitMs: number, ...signals: AbortSignal[]): AbortSignal {
  return AbortSignal.any([...signals, AbortSignal.timeout(limitMs)])
}

/** Turns a bare time-out into an error that says what was waited for. */
export async function naming<T>(what: string, limitMs: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error
    throw new AppError('PREPARE', `${what} took longer than ${limitMs / 1000} s`, {
      cause: error,
      hint: 'see the log of the broker and bench.log in the folder of the experiment',
    })
  }
}

/** How far all workers are; who does not answer in time is left out. */
export async function progressOf(crew: Crew): Promise<WorkerProgress[]> {
  const within = AbortSignal.timeout(PROGRESS_MS)
  const answers = await Promise.allSettled(
    crew.members.map((member) => member.handle.ask('progress', null, within)),
  )
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}
