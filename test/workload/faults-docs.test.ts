// Goal: docs/faults.md is true: its examples are plans, its tables name every kind and field, and its figures are those of
// the code. Method: the page is read, its YAML by the reader of workloads, its command by the parser of the command line.
import { afterAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { MAX_BREAKDOWN_ROWS } from '../../src/engine/limits.ts'
import { MAX_PIPE_BYTES, MAX_TOTAL_BYTES } from '../../src/proxy/limits.ts'
import { RECOVERY } from '../../src/result/recovery.ts'
import { FAULT_KINDS, faultsSchema } from '../../src/workload/faults-schema.ts'
import { makePlan } from '../../src/workload/plan.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/faults.md'), 'utf8')

test('the command runs a plan, with the fault that the page describes', async () => {
  const [, file = '', ...flags] = /bench run (\S+) --topology (\S+)/.exec(DOCS)!
  const plan = await makePlan({ workloadFile: resolve(PRODUCT_FOLDER, file), topology: flags[0] })
  expect(plan.sides.map(({ label }) => label)).toEqual(['kafka', 'rabbitmq'])
  expect(plan.workload.faults).toEqual([{ kind: 'kill', atS: 10, forS: 15, node: 'leader' }])
})

test('its YAML is a workload', async () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(DOCS)!
  const { workload } = await makePlan({ workloadFile: folder.write('w.yaml', yaml), drivers: 'kafka' })
  expect(workload.faults!.map(({ kind }) => kind)).toEqual(['stop', 'network'])
})

test('its tables name every kind and every field, and no other', () => {
  const names = (title: string) => {
    const section = DOCS.split(`## ${title}\n`)[1]!.split('\n## ')[0]!
    return new Set([...section.matchAll(/^\| `([\w-]+)`/gm)].map((match) => match[1]!))
  }
  expect([...names('Kinds')].sort()).toEqual([...FAULT_KINDS].sort())
  const fields = Object.keys(faultsSchema.unwrap().element.shape)
  expect([...names('Fields')].sort()).toEqual(fields.sort())
})

test('its figures are those of the code', () => {
  const said = DOCS.replaceAll(/\s+/g, ' ')
  expect(said).toContain(
    `at most ${MAX_PIPE_BYTES / 2 ** 20} MiB of a connection's direction and ${MAX_TOTAL_BYTES / 2 ** 20} MiB in all`,
  )
  expect(said).toContain(`at least ${RECOVERY.leastAcknowledgedShare * 100} % of what was scheduled`)
  expect(RECOVERY.latencyFactor).toBe(2)
  expect(said).toContain(`at most twice that before the fault, or ${RECOVERY.latencyMarginUs / 1000} ms more`)
  expect(said).toContain(`the ${MAX_BREAKDOWN_ROWS} producers and streams`)
})

test('its proofs are scripts', () => {
  const { scripts } = JSON.parse(readFileSync(resolve(PRODUCT_FOLDER, 'package.json'), 'utf8'))
  const named = [...DOCS.matchAll(/npm run (proof:[\w-]+)/g)].map((match) => match[1]!)
  expect(named).toHaveLength(3)
  for (const name of named) expect(scripts).toHaveProperty([name])
})
