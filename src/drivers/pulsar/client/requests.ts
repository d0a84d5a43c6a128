import type { Buffer } from 'node:buffer'
import { ClientError, serverError } from './errors.ts'
import type { Answer } from './wire/broker-commands.ts'

/** Requests that may wait for answers on one connection. */
const MAX_PENDING_REQUESTS = 10_000

/** Requests of one connection, matched with their answers by number. */
export interface Requests {
  /**
   * Sends the frame that `make` builds for a fresh request number and waits for the answer. Rejects with a
   * `ClientError`: refused, timed out, or the connection ended.
   */
  ask(make: (requestId: number) => Buffer): Promise<Answer>
  answer(answer: Answer): void
  failAll(reason: ClientError): void
}

interface Waiter {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: ClientError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** See `Requests`; `at` is the server, for messages; `write` sends a frame. */
export function createRequests(at: string, timeoutMs: number, write: (frame: Buffer) => void): Requests {
  const waiters = new Map<number, Waiter>()
  let nextId = 1
  let failure: ClientError | null = null

  function take(id: number): Waiter | undefined {
    const waiter = waiters.get(id)
    waiters.delete(id)
    if (waiter !== undefined) clearTimeout(waiter.timer)
    return waiter
  }

  return {
    ask(make) {
      if (failure !== null) return Promise.reject(failure)
      if (waiters.size >= MAX_PENDING_REQUESTS) {
        return Promise.reject(
          new ClientError(
            'too many requests',
            `${at}: expected at most ${MAX_PENDING_REQUESTS} requests under way`,
            true,
          ),
        )
      }
      const id = nextId++
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          take(id)
          reject(new ClientError('timeout', `${at}: expected an answer within ${timeoutMs} ms`, true))
        }, timeoutMs)
        waiters.set(id, { resolve, reject, timer })
        write(make(id))
      })
    },
    answer(answer) {
      // Not ready yet (PRODUCER_SUCCESS): another answer to the same request follows.
      if (!answer.producerReady) return
      const waiter = take(answer.requestId)
      if (answer.error === null) waiter?.resolve(answer)
      else waiter?.reject(serverError(answer.error.code, answer.error.words))
    },
    failAll(reason) {
      failure = reason
      for (const id of [...waiters.keys()]) take(id)?.reject(reason)
    },
  }
}
