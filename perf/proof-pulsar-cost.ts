/**
 * Question: what CPU does a message cost our Pulsar client, user and system, when it is sent and when it is received?
 *
 * The producer, then the consumer, each a process as in the comparison with pulsar-perf, against a stand-in broker in
 * a process of its own that answers at once. As fast as it goes, with 1,000 messages of 1 KB in flight, in batches as
 * they occur (up to 126 messages; pulsar-perf's are the same) and smaller ones. CPU time depends less than a rate on
 * what else the machine does, but busy neighbours take caches and cores from it too: it has been seen to double. So
 * commits are to be compared in turns, by their smallest figures.
 *
 *     npm run proof:pulsar-cost       ROUNDS=5 BATCHES=126,32,8 are the defaults; 1 minute
 */
import { join } from 'node:path'
import { startClient } from './pulsar/client-process.ts'
import { benchSide, type Role } from './pulsar/sides.ts'
import type { RunSpec, Sample } from './pulsar/spec.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 5)
const BATCHES = (process.env.BATCHES ?? '126,32,8').split(',').map(Number)
const INTERVAL_S = 1
const LIMIT_MS = 60_000
const LOOK_EVERY_MS = 20

/** CPU per message in each interval after the first, in which compilers warm up. */
async function costs(role: Role, batchMessages: number): Promise<number[]> {
  const broker = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'pulsar/stand-in-broker.ts'), String(batchMessages)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const port = await firstLine(broker.stdout)
    const spec: RunSpec = {
      servers: [`127.0.0.1:${port}`],
      topic: 'cost',
      inFlight: 1000,
      rateHz: null,
      batchMessages,
      intervalS: INTERVAL_S,
    }
    const client = startClient(benchSide, role, spec)
    try {
      const samples = await samplesOf(client.look, ROUNDS + 2)
      return samples.slice(2).map((after, i) => {
        const before = samples[i + 1]!
        return ((after.cpuS - before.cpuS) * 1e6) / (after.total - before.total)
      })
    } finally {
      await client.end()
    }
  } finally {
    broker.kill()
    await broker.exited
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('\n')) break
  }
  return text.trim()
}

async function samplesOf(
  look: () => { readonly samples: readonly Sample[] },
  count: number,
): Promise<readonly Sample[]> {
  const endMs = performance.now() + LIMIT_MS
  while (look().samples.length < count) {
    if (performance.now() > endMs) throw new Error(`expected ${count} intervals within ${LIMIT_MS} ms`)
    await Bun.sleep(LOOK_EVERY_MS)
  }
  return look().samples
}

for (const batchMessages of BATCHES) {
  let leastUs = 0
  for (const role of ['producer', 'consumer'] as const) {
    const values = (await costs(role, batchMessages)).toSorted((a, b) => a - b)
    leastUs += values[0]!
    const shown = values.map((value) => value.toFixed(2)).join(' ')
    console.log(`batches of ${batchMessages}, ${role}: ${shown} µs/msg`)
  }
  console.log(`batches of ${batchMessages}, both: at least ${leastUs.toFixed(2)} µs/msg`)
}
