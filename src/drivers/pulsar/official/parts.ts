import { doneWithin, orAborted } from '../../../driver/abort.ts'
import { asClientError } from './failures.ts'

/** Something of the package that holds resources of the broker. */
export interface Closable {
  close(): Promise<unknown>
}

/** How long what was made is given to close after its siblings failed. */
const ABANDON_LIMIT_MS = 1000

/**
 * Makes all parts or none: when one fails, or the signal aborts first, what is made (or still comes) is closed. Rejects
 * with a `ClientError`, or the signal's reason.
 */
export async function allOrNone<Part extends Closable>(
  makers: readonly (() => Promise<Part>)[],
  signal: AbortSignal,
): Promise<readonly Part[]> {
  signal.throwIfAborted()
  const made = makers.map((make) => make())
  try {
    return await orAborted(Promise.all(made), signal)
  } catch (error) {
    const gone = Promise.allSettled(made.map(async (part) => (await part).close()))
    if (signal.aborted) throw signal.reason
    await doneWithin(gone, ABANDON_LIMIT_MS, signal)
    throw asClientError(error)
  }
}

/** Closes all parts; what takes longer than the signal allows goes on unheard. Never rejects. */
export async function closeAll(parts: readonly Closable[], signal: AbortSignal): Promise<void> {
  const gone = Promise.allSettled(parts.map((part) => part.close()))
  await orAborted(gone, signal).catch(() => {})
}
