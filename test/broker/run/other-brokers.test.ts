// Goal: a real broker that `bench brokers up` left running is seen beside a trial of something else, with its CPU, and not
// beside a trial of its own. Method: one RabbitMQ, left up; a short run over the fake system and one over that broker.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult, TrialResult } from '../../../src/result/result.ts'
import { THRESHOLDS } from '../../../src/result/thresholds.ts'
import { benchHome, ROOT } from '../../support/bench.ts'

const LIMIT_MS = 300_000
const home = benchHome()
afterAll(async () => {
  await home.run(['brokers', 'down', 'rabbitmq'])
  home.remove()
}, LIMIT_MS)

async function trialOf(side: string): Promise<TrialResult> {
  const workload = join(home.path, 'short.yaml')
  writeFileSync(
    workload,
    'name: short\nmessageSize: 200\nproducerRate: 200\ntestDurationSeconds: 2\nwarmupDurationSeconds: 1\n',
  )
  const finished = await home.run(['run', workload, '--drivers', side])
  const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
  const [trial] = result.sides[0]!.trials
  if (trial === undefined) throw new Error(`expected a trial of ${side}, got: ${finished.stderr}`)
  return trial
}

test(
  'seen beside another side, and not beside itself',
  async () => {
    expect(await home.run(['brokers', 'up', 'rabbitmq'])).toMatchObject({ exitCode: 0 })
    const status = await home.run(['brokers', 'status', 'rabbitmq', '--json'])
    const [server] = JSON.parse(status.stdout).brokers[0].details.servers

    const beside = await trialOf(join(ROOT, 'test/support/drivers/fake.yaml'))
    const [rabbitmq] = beside.otherBrokers!
    expect(rabbitmq!.name).toBe('rabbitmq')
    const isTooBusy = rabbitmq!.coreShare > THRESHOLDS.otherBrokersCoreShare
    expect(beside.verdict.measurementReasons.some((each) => each.startsWith('rabbitmq, up'))).toBe(isTooBusy)

    const itself = await trialOf(`rabbitmq+servers=${server}`)
    expect(itself.server.addresses).toContain(server)
    expect(itself.otherBrokers).toBeUndefined()
    expect(itself.audits[0]).toMatchObject({ sent: 600, lost: 0 })
  },
  LIMIT_MS,
)
