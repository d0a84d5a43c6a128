import { type ZodType, z } from 'zod'
import { workloadSchema } from '../../workload/workload-schema.ts'
import { RUN_TYPE_NAMES } from './run-types.ts'
import { PLAN_KEYS, workloadKey } from './workload-keys.ts'

export const MAX_RUNS_WRITTEN = 200
export const MAX_MATRIX_VALUES = 50
export const MAX_EXCLUSIONS = 200
const MAX_DESCRIPTION = 2000

const { name: _name, drivers, repeat, metrics, ...others } = workloadSchema.shape
const workloadFields: Readonly<Record<string, ZodType>> = others

/** The field's own schema, without its default: a field that is left out of a plan sets nothing. */
function bare(planKey: string): ZodType {
  const field = workloadFields[workloadKey(planKey)]!
  const inner = field instanceof z.ZodDefault ? (field.unwrap() as ZodType) : field
  const description = field.description
  return description === undefined ? inner : inner.describe(description)
}

function shapeOf(keys: readonly string[], schemaOf: (key: string) => ZodType): Record<string, ZodType> {
  return Object.fromEntries(keys.map((key) => [key, schemaOf(key).optional()]))
}

/** A list in a list says nothing that several runs would not say better. */
const MATRIX_KEYS = PLAN_KEYS.filter((key) => workloadKey(key) !== 'rates')

const workload = () => z.strictObject(shapeOf(PLAN_KEYS, bare))
const matrix = z.strictObject(
  shapeOf(MATRIX_KEYS, (key) => z.array(bare(key)).min(1).max(MAX_MATRIX_VALUES).describe('Values to try.')),
)
const name = z
  .string()
  .regex(/^\P{Cc}{1,80}$/u, 'one line of 1 to 80 characters')
  .describe('Name in results; each run has its own.')
const description = z.string().max(MAX_DESCRIPTION).optional().describe('For people.')

const testRun = z.strictObject({
  name,
  description,
  type: z.enum(RUN_TYPE_NAMES).describe('What the run does.'),
  producer_rate: bare('producerRate').optional(),
  producerRate: bare('producerRate').optional(),
  workload_overrides: workload().optional().describe('Fields of the workload that differ in this run.'),
  matrix: matrix.optional().describe('Fields with several values each: a run for every combination.'),
  exclude: z
    .array(z.strictObject(shapeOf(MATRIX_KEYS, bare)))
    .max(MAX_EXCLUSIONS)
    .optional()
    .describe('Combinations to leave out: those that have all of these values.'),
})

/** A test plan as a person writes it. Fields of workloads are named as OMB does or in snake_case. */
export const testPlanSchema = z
  .strictObject({
    name: name.optional().describe('Name of the plan; default: the file name.'),
    description,
    drivers,
    repeat: repeat.unwrap().optional().describe('Trials of each side in each run; default: 1.'),
    metrics,
    base_workload: workload().optional().describe('Fields of the workload of all runs.'),
    test_runs: z
      .array(testRun)
      .min(1)
      .max(MAX_RUNS_WRITTEN)
      .describe('Runs, one after the other, each an experiment of its own.'),
  })
  .describe('A test plan of bench: several workloads that differ in some fields.')
  .meta({ title: 'bench test plan' })

export type TestPlanFields = z.infer<typeof testPlanSchema>
export type TestRunFields = TestPlanFields['test_runs'][number]
