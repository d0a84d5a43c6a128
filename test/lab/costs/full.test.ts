// Goal: the life of an experiment knows its price: `bench full` leaves costs behind it, `bench cost` finds the bill of what it
// really ran, and what is kept tells its price per hour. Method: the command line against the test double, with machines that
// boot and run in seconds.
import { afterAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { costsFileSchema } from '../../../src/lab/costs/costs-file.ts'
import { skipLoudly } from '../../support/skip.ts'
import { missingForLab, openSmallLab, type SmallLab } from '../experiment/support.ts'

const LIMIT_MS = 240_000
const missing = await missingForLab()
const skips = missing !== null && skipLoudly(`the AWS test double needs ${missing}`)
const lab = missing === null ? await openSmallLab({ mirror: null }) : (null as unknown as SmallLab)
afterAll(async () => {
  if (missing === null) await lab.close()
}, LIMIT_MS)

const full = (...options: string[]) =>
  lab.run('full', '--test-plan', lab.plan, '--config', lab.config, ...options)
const newest = () => lab.experiments().at(-1)!
const costsOf = (id: string) =>
  costsFileSchema.parse(JSON.parse(readFileSync(join(lab.home.path, id, 'costs.json'), 'utf8')))

test.skipIf(skips)(
  'bench full works out the costs of all that ran, and bench cost finds them on the bill',
  async () => {
    const { exitCode, stderr } = await full('--max-cost', '5')
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/costs: about \$0\.\d{4} until now \(.*costs\.json\)/),
    ])
    const id = newest()
    const estimated = costsOf(id)
    expect(estimated.until).not.toBeNull()
    expect(estimated.estimate.unknown).toEqual([])
    expect(estimated.bill).toMatchObject({ state: 'none', totalUsd: null })
    expect(estimated.roles.map(({ name }) => name).toSorted()).toEqual(['client', 'kafka'])
    expect(estimated.messages.published).toBeGreaterThan(0)
    expect(estimated.perMillion.publishedUsd!).toBeGreaterThan(0)
    const runs = lab.recordOf(id).runs as readonly { readonly folder: string }[]
    expect(runs).toHaveLength(2)
    for (const { folder } of runs) {
      const page = readFileSync(join(lab.home.path, id, 'runs', folder, 'report/index.html'), 'utf8')
      expect(page).toContain(`Experiment ${id}, USD`)
    }
    // Tomorrow, as it were.
    lab.double.timing.billMs = 0
    const bill = await lab.run('cost', id)
    lab.double.timing.billMs = 86_400_000
    expect([bill.exitCode, bill.stdout]).toEqual([0, expect.stringContaining('bill: so far')])
    const { roles, bill: billed } = costsOf(id)
    expect(billed.totalUsd!).toBeGreaterThan(0)
    expect(
      roles
        .filter(({ billedUsd }) => billedUsd! > 0)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['client', 'kafka'])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an experiment that is kept tells its price per hour, and bench cost leaves it as it is',
  async () => {
    lab.behaviour.run = 'fail'
    const { exitCode, stderr } = await full('--keep-on-failure')
    lab.behaviour.run = 'result'
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/is kept, about \$0\.\d\d an hour/)])
    const id = newest()
    const before = lab.recordOf(id)
    const cost = await lab.run('cost', id, '--estimate')
    expect([cost.exitCode, cost.stdout]).toEqual([
      0,
      expect.stringMatching(/to now; it costs 0\.\d{4} USD an hour/),
    ])
    expect(lab.recordOf(id)).toEqual(before)
    expect((await lab.run('teardown', '--experiment-id', id)).exitCode).toBe(0)
    expect((await lab.strangers()).added).toEqual([])
  },
  LIMIT_MS,
)
