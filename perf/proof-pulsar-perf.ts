/**
 * Question: is our Pulsar client at least level with the load generator of Pulsar's own distribution, pulsar-perf?
 *
 * One local standalone; both sides in turn, the order reversed from round to round; the same topic layout, messages in
 * flight, message size, batches and receiver queue; a producer process and a consumer process on either side. A run
 * warms up for one interval of 10 s and is measured for the next, both by the lines that each side prints. CPU is user
 * and system time of the two client processes over their measured interval, the start of neither included.
 *
 *     npm run proof:pulsar-perf       ROUNDS=3 CASES=max-1000,max-4000,5000/s are the defaults; 8 minutes
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPulsar } from '../src/brokers/pulsar/pulsar-install.ts'
import { pulsarProvider } from '../src/brokers/pulsar/pulsar-provider.ts'
import { pulsarConfigSchema } from '../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../src/drivers/pulsar/pulsar-driver.ts'
import { type Measured, runSide } from './pulsar/run-side.ts'
import { benchSide, pulsarPerfSide, type Side } from './pulsar/sides.ts'
import { BATCH_MESSAGES, INTERVAL_S } from './pulsar/spec.ts'
import { CASES, type Case, type Rounds, summary } from './pulsar/summary.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 3)
const cases = CASES.filter(({ name }) => (process.env.CASES ?? name).split(',').includes(name))

let lastTopic = 0
const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort(new Error(name)))

const folder = mkdtempSync(join(tmpdir(), 'bench-pulsar-perf-'))
try {
  const { signal } = abort
  // Natively, so that both clients meet it over the same loopback.
  process.env.BENCH_RUNTIME = 'native'
  const installation = await installPulsar(console.error, signal)
  const broker = await pulsarProvider.up(
    { topology: 'single', profile: 'measured', directory: join(folder, 'broker'), log: console.error },
    signal,
  )
  try {
    const servers = [...broker.servers, ...(broker.adminUrls ?? [])]
    const sides = [benchSide, pulsarPerfSide(installation, folder)]
    const { text, holds } = summary(await allRounds(sides, servers, signal))
    console.log(text)
    process.exitCode = holds ? 0 : 1
  } finally {
    await broker.down()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function allRounds(
  sides: readonly Side[],
  servers: readonly string[],
  signal: AbortSignal,
): Promise<Rounds> {
  const results: Rounds = []
  // The broker's own warm-up belongs to nobody.
  await oneRun(benchSide, CASES[0]!, servers, signal)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [number, one] of cases.entries()) {
      const reversed = (round + number) % 2 === 1
      for (const side of reversed ? sides.toReversed() : sides) {
        const measured = await oneRun(side, one, servers, signal)
        results.push({ round, side: side.name, case: one.name, measured })
        console.error(`round ${round + 1}, ${one.name}, ${side.name}: ${JSON.stringify(measured)}`)
      }
    }
  }
  return results
}

/** On a topic of its own, removed afterwards: none reads what another wrote, and the disk stays small. */
async function oneRun(
  side: Side,
  one: Case,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<Measured> {
  const { inFlight, rateHz } = one
  const config = pulsarConfigSchema.parse({})
  const driver = driverModule.create({ config, servers, namePrefix: 'perf-', log: console.error })
  const topic = { name: `perf-${++lastTopic}`, partitions: 1, subscriptions: [] }
  await driver.open(signal)
  try {
    await driver.createTopics([topic], signal)
    const spec = {
      servers,
      topic: topic.name,
      inFlight,
      rateHz,
      batchMessages: BATCH_MESSAGES,
      intervalS: INTERVAL_S,
    }
    const measured = await runSide(side, spec, signal)
    await driver.deleteTopics([topic], signal)
    return measured
  } finally {
    await driver.close(signal)
  }
}
