import { dlopen, FFIType, ptr, read } from 'bun:ffi'
import type { Clock, Timer } from './clock.ts'

// clock_gettime(2). Bun.nanoseconds and process.hrtime count from the start of the process, so two processes of one
// host would differ by seconds; CLOCK_MONOTONIC has one zero for all of them.
const MONOTONIC = process.platform === 'darwin' ? 6 : 1
const LIBRARIES =
  process.platform === 'darwin'
    ? ['libSystem.B.dylib']
    : ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

function openLibc() {
  let failure: unknown
  for (const name of LIBRARIES) {
    try {
      return dlopen(name, { clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 } })
    } catch (error) {
      failure = error
    }
  }
  throw new Error(`expected a C library with clock_gettime, tried ${LIBRARIES.join(', ')}`, {
    cause: failure,
  })
}

const OFFSET_SAMPLES = 64

/**
 * Microseconds to add to `Bun.nanoseconds() / 1000` for CLOCK_MONOTONIC: the sample with the shortest round trip.
 * Only the start is read through the foreign function (optimised code may keep an array that a foreign call writes in
 * registers, so it must not be read in a hot loop); both clocks tick at the same rate.
 */
function monotonicOffsetUs(): number {
  const libc = openLibc()
  const timespec = new BigInt64Array(2)
  const address = ptr(timespec)
  let bestRoundTripNs = Number.POSITIVE_INFINITY
  let offsetUs = 0
  for (let i = 0; i < OFFSET_SAMPLES; i++) {
    const beforeNs = Bun.nanoseconds()
    libc.symbols.clock_gettime(MONOTONIC, address)
    const afterNs = Bun.nanoseconds()
    const monotonicUs = Number(read.i64(address, 0)) * 1e6 + Number(read.i64(address, 8)) / 1000
    if (afterNs - beforeNs < bestRoundTripNs) {
      bestRoundTripNs = afterNs - beforeNs
      offsetUs = monotonicUs - (beforeNs + afterNs) / 2000
    }
  }
  libc.close()
  return offsetUs
}

/** The host's CLOCK_MONOTONIC, the wall clock and real timers. */
export class SystemClock implements Clock {
  readonly #offsetUs = monotonicOffsetUs()

  nowUs(): number {
    return Bun.nanoseconds() / 1000 + this.#offsetUs
  }

  wallMs(): number {
    return Date.now()
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const endUs = this.nowUs() + delayMs * 1000
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal!.reason)
      }
      const wake = () => {
        const restUs = endUs - this.nowUs()
        if (restUs > 0) {
          timer = setTimeout(wake, restUs / 1000)
          return
        }
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      // What is over already may be asked for: the runtime would warn of it.
      let timer = setTimeout(wake, Math.max(0, delayMs))
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, Math.max(0, delayMs))
    return { cancel: () => clearTimeout(timer) }
  }
}
