/**
 * Child process of `measureEventLoop`: argument 1 is how long each part takes, in ms. Prints how late timers of 1 ms came,
 * first with nothing else to do, then beside as much garbage as a busy worker makes, and what a full collection takes.
 */
import { SystemClock } from '../clock/system-clock.ts'
import { Recorder } from '../engine/histogram.ts'
import { bucketsOf } from '../result/histogram.ts'
import { rankOf, valueAtRank } from '../result/summary.ts'
import type { Stalls } from './calibration.ts'

const TICK_MS = 1
const GARBAGE_PER_TICK = 20
const GARBAGE_BYTES = 1024
const LIVE_OBJECTS = 200_000
const COLLECTIONS = 3

const clock = new SystemClock()

function lateness(durationMs: number, work: () => void): Promise<Stalls> {
  const recorder = new Recorder()
  const endUs = clock.nowUs() + durationMs * 1000
  return new Promise((resolve) => {
    let dueUs = clock.nowUs() + TICK_MS * 1000
    const tick = () => {
      const nowUs = clock.nowUs()
      recorder.record(Math.max(0, nowUs - dueUs))
      if (nowUs >= endUs) return resolve(stallsOf(recorder))
      work()
      dueUs = clock.nowUs() + TICK_MS * 1000
      setTimeout(tick, TICK_MS)
    }
    setTimeout(tick, TICK_MS)
  })
}

function stallsOf(recorder: Recorder): Stalls {
  const encoded = recorder.encode()
  const buckets = bucketsOf(encoded)
  const at = (parts: number) => valueAtRank(buckets, rankOf(parts, recorder.count)) ?? 0
  return { count: recorder.count, p50Us: at(5_000), p99Us: at(9_900), maxUs: at(10_000), hdr: encoded.hdr }
}

const durationMs = Number(process.argv[2])
const idle = await lateness(durationMs, () => {})
const live = Array.from({ length: LIVE_OBJECTS }, (_, i) => ({ i, text: String(i) }))
let garbage: unknown[] = []
const withGarbage = await lateness(durationMs, () => {
  garbage = Array.from({ length: GARBAGE_PER_TICK }, () => Buffer.alloc(GARBAGE_BYTES))
})
let longestUs = 0
for (let i = 0; i < COLLECTIONS; i++) {
  const startUs = clock.nowUs()
  Bun.gc(true)
  longestUs = Math.max(longestUs, clock.nowUs() - startUs)
}
const fullCollectionMs = Math.round(longestUs) / 1000
// `live` and `garbage` must outlive the measurement.
if (live.length + garbage.length === 0) throw new Error('expected something to collect')
process.stdout.write(`${JSON.stringify({ idle, withGarbage, fullCollectionMs })}\n`)
