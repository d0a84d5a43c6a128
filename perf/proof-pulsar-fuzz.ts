// Question: does any of a million mutated frames crash the Pulsar decoder, hang it, or make it allocate without bound?
// Usage: npm run proof:pulsar-fuzz -- [cases] [seed]. Prints one line of JSON; status 1 on a finding.
import {
  type FuzzCounts,
  mutate,
  readAll,
  seeded,
  validFrames,
} from '../test/drivers/pulsar/mutated-frames.ts'

const LIMIT_RSS_BYTES = 256 * 1024 * 1024
const LIMIT_CASE_MS = 1000
const cases = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? 1)

const random = seeded(seed)
const frames = validFrames()
const counts: FuzzCounts = { read: 0, refused: 0 }
const startMs = performance.now()
let slowestMs = 0
let peakRssBytes = 0
let finding: string | null = null
for (let i = 0; i < cases && finding === null; i++) {
  const stream = mutate(frames[random(frames.length)]!, random)
  const cutAt = random(stream.length + 1)
  const fromMs = performance.now()
  try {
    readAll(stream, cutAt, counts)
  } catch (error) {
    finding = `case ${i}: ${String(error)}; frame ${stream.toString('hex')}, cut at ${cutAt}`
  }
  slowestMs = Math.max(slowestMs, performance.now() - fromMs)
  if (i % 1000 === 0) peakRssBytes = Math.max(peakRssBytes, process.memoryUsage().rss)
}
if (peakRssBytes > LIMIT_RSS_BYTES) finding ??= `resident memory reached ${peakRssBytes} bytes`
if (slowestMs > LIMIT_CASE_MS) finding ??= `one case took ${slowestMs} ms`
const seconds = (performance.now() - startMs) / 1000
console.log(
  JSON.stringify({
    ...{ cases, seed, ...counts, seconds, slowestMs, limitMs: LIMIT_CASE_MS },
    ...{ peakRssBytes, limitRssBytes: LIMIT_RSS_BYTES, finding },
  }),
)
process.exitCode = finding === null ? 0 : 1
