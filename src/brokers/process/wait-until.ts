import { AppError, messageOf } from '../../errors/app-error.ts'
import type { ServerProcess } from './spawn-server.ts'
import { tail } from './tail.ts'

export interface WaitOptions {
  readonly limitMs: number
  readonly everyMs: number
  /** What is waited for, as a noun: `first acknowledged message on 127.0.0.1:9092`. */
  readonly what: string
  /** Fails early when it exits, quoting its log. */
  readonly server?: ServerProcess
}

const QUOTED_LINES = 15

/**
 * Calls `probe` until it gives true; what it throws counts as `not yet` and is quoted when time runs out. The signal
 * given to the probe aborts when the waiting ends, whatever the reason: a probe that ignores it is left behind.
 * Throws `AppError('PREPARE')`, or the reason of `signal`.
 */
export async function waitUntil(
  probe: (signal: AbortSignal) => Promise<boolean> | boolean,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const end = new AbortController()
  let last = 'not ready'
  let timer: ReturnType<typeof setTimeout> | undefined
  const ended = new Promise<never>((_, reject) => {
    const fail = (reason: unknown) => {
      reject(reason)
      end.abort(reason)
    }
    timer = setTimeout(() => fail(tooLate(options, last)), options.limitMs)
    signal.addEventListener('abort', () => fail(signal.reason), { once: true, signal: end.signal })
    void options.server?.exited.then(() => fail(exitedEarly(options)))
  })
  ended.catch(() => {})
  const poll = async () => {
    while (!end.signal.aborted) {
      try {
        if (await probe(end.signal)) return
        last = 'not ready'
      } catch (error) {
        last = messageOf(error)
      }
      await pause(options.everyMs, end.signal)
    }
  }
  try {
    await Promise.race([poll(), ended])
  } finally {
    clearTimeout(timer)
    end.abort()
  }
}

/** Resolves after `delayMs`, or as soon as the signal aborts. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(finish, delayMs)
    signal.addEventListener('abort', finish, { once: true })
    function finish() {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
  })
}

function tooLate({ what, limitMs, server }: WaitOptions, last: string): AppError {
  return new AppError(
    'PREPARE',
    `expected ${what} within ${limitMs / 1000} s, got: ${last}${quoteLog(server)}`,
    {
      hint: server ? `the whole log: ${server.logFile}` : 'is the machine very busy?',
    },
  )
}

function exitedEarly({ what, server }: WaitOptions): AppError {
  const exit = server?.exit()
  const how = exit?.signal ? `signal ${exit.signal}` : `status ${exit?.code}`
  return new AppError('PREPARE', `expected ${what}, but the server ended with ${how}${quoteLog(server)}`, {
    hint: `the whole log: ${server?.logFile}`,
  })
}

function quoteLog(server: ServerProcess | undefined): string {
  const lines = server ? tail(server.logFile, QUOTED_LINES) : ''
  return lines === '' ? '' : `; its last lines:\n${lines}`
}
