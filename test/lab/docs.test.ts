// Goal: what docs/test-plans.md shows works, and its tables name every field. Method: its YAML is read by the readers, its
// tables held against the schemas.
import { afterAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readLabConfig } from '../../src/lab/config/lab-config.ts'
import { labSchemaText } from '../../src/lab/config/schemas.ts'
import { RUN_TYPE_NAMES } from '../../src/lab/plan/run-types.ts'
import { readTestPlan } from '../../src/lab/plan/test-plan.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { testFolder } from '../workload/files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/test-plans.md'), 'utf8')
const [plan, infrastructure] = [...DOCS.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!)

test('the plan is read', async () => {
  const { runs } = await readTestPlan(folder.write('plan.yaml', plan!))
  expect(runs).toHaveLength(2 + 5)
})

test('the infrastructure is read', async () => {
  const config = await readLabConfig(folder.write('infrastructure.yaml', infrastructure!))
  expect(config.notes).toEqual([])
})

test('every field of plans and of infrastructure is named', () => {
  const { properties } = JSON.parse(labSchemaText('infrastructure')!)
  const { properties: ofPlan } = JSON.parse(labSchemaText('test-plan')!)
  const names = [
    ...Object.keys(ofPlan),
    ...RUN_TYPE_NAMES,
    ...Object.keys(properties.experiment.properties),
    ...Object.keys(properties.aws.properties),
    ...Object.keys(properties.compute.properties),
  ]
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(DOCS))).toEqual([])
})
