import { basename } from 'node:path'
import { stringify } from 'yaml'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { MAX_PROBLEMS } from '../../workload/limits.ts'
import { configError, type Problem, problemText } from '../../workload/problem.ts'
import { check } from '../../workload/validate.ts'
import { readWorkload, type WorkloadFile, workloadFrom } from '../../workload/workload-file.ts'
import { type Path, readYaml, type YamlSource } from '../../workload/yaml-source.ts'
import { consumerProblem, type Layer, layerOf, matrixOf, ownsRates, stacked } from './layers.ts'
import { type Combination, combinations, combinationText } from './matrix.ts'
import { type TestPlanFields, type TestRunFields, testPlanSchema } from './plan-schema.ts'
import { runId } from './run-id.ts'
import { RUN_TYPES, type RunType } from './run-types.ts'
import { CONSUMERS_PER_TOPIC, snakeCase } from './workload-keys.ts'

/** Runs of one plan, all matrices expanded. */
export const MAX_RUNS = 500
const MAX_WORKLOAD_NAME = 200

/** One run of a plan: a workload under a name that no other run of the plan has. */
export interface TestRun {
  /** Made of the name alone; fit for files and for `run-benchmark`. */
  readonly id: string
  readonly name: string
  readonly type: RunType
  readonly workload: WorkloadFile
}

export interface TestPlan {
  readonly file: string
  readonly name: string
  readonly description: string | null
  /** In the order in which they are written, matrices expanded. */
  readonly runs: readonly TestRun[]
}

/** Whether the YAML is a test plan, and not a workload. */
export function isTestPlan({ data }: YamlSource): boolean {
  return Object.hasOwn(data, 'test_runs') || Object.hasOwn(data, 'base_workload')
}

/**
 * Reads a test plan, or a workload as a plan of one run. Throws `AppError('CONFIG')` with every problem, each at
 * `file:line:col` of the plan; a type of run that does not exist yet is one.
 */
export async function readTestPlan(
  file: string,
  options: { readonly lenient?: boolean } = {},
): Promise<TestPlan> {
  const yaml = await readYaml(file)
  if (!isTestPlan(yaml)) return await planOfWorkload(file, options)
  const checked = check(testPlanSchema, yaml.data, yaml)
  if ('problems' in checked) throw configError(checked.problems)
  const plan = checked.value
  const problems: Problem[] = []
  const outlines = outlinesOf(yaml, plan, (problem) => problems.push(problem))
  if (problems.length > 0) throw configError(problems)
  return {
    file,
    name: plan.name ?? basename(file).replace(/\.ya?ml$/, ''),
    description: plan.description ?? null,
    runs: await runsOf(yaml, plan, outlines, options),
  }
}

async function planOfWorkload(file: string, options: { readonly lenient?: boolean }): Promise<TestPlan> {
  const workload = await readWorkload(file, options)
  const { name } = workload.workload
  const run: TestRun = { id: runId(name), name, type: 'fixed_rate', workload }
  return { file, name, description: null, runs: [run] }
}

/** A run before its workload is checked. */
interface Outline {
  readonly name: string
  readonly type: RunType
  readonly fields: Layer
  readonly path: Path
}

type Report = (problem: Problem) => void

function outlinesOf(yaml: YamlSource, plan: TestPlanFields, report: Report): Outline[] {
  const base = layerOf(yaml, ['base_workload'], plan.base_workload ?? {}, report)
  const ids = new Set<string>()
  const outlines: Outline[] = []
  for (const [index, run] of plan.test_runs.entries()) {
    const path = ['test_runs', index]
    const later = RUN_TYPES[run.type]
    if (later !== null) {
      const what = `expected a type of run that exists, got ${run.type}: ${later.missing}`
      report({ where: yaml.whereIs([...path, 'type']), what, hint: later.hint })
    }
    const expanded = expand(yaml, path, run, base, report)
    for (const outline of expanded) {
      const id = runId(outline.name)
      if (ids.has(id)) {
        const what = `expected names of runs that differ, got ${outline.name} twice`
        report({ where: yaml.whereIs([...path, 'name']), what })
      }
      ids.add(id)
    }
    outlines.push(...expanded)
    if (outlines.length > MAX_RUNS) {
      const what = `expected at most ${MAX_RUNS} runs in all, got more`
      report({ where: yaml.whereIs(path), what, hint: 'shorten the matrices, or write several plans' })
      break
    }
  }
  return outlines
}

function expand(yaml: YamlSource, path: Path, run: TestRunFields, base: Layer, report: Report): Outline[] {
  let faults = 0
  const count: Report = (problem) => {
    faults++
    report(problem)
  }
  const { producer_rate, producerRate } = run
  const overrides = layerOf(yaml, [...path, 'workload_overrides'], run.workload_overrides ?? {}, count)
  const rate = layerOf(yaml, path, { producer_rate, producerRate }, count)
  for (const field of ['producerRate', 'rates', 'search']) {
    const other = overrides.get(field)
    if (rate.size === 0 || other === undefined) continue
    const what = `expected producer_rate of the run or ${String(other.path.at(-1))} of workload_overrides, got both`
    count({ where: yaml.whereIs(other.path), what, hint: 'remove one of them' })
  }
  const own = stacked([overrides, rate])
  const { matrix, exclusions } = matrixOf(yaml, path, run, own, count)
  if (faults > 0) return []
  const kept = combinations(matrix, exclusions)
  if (kept.length === 0) {
    const what = 'expected exclusions that leave a combination, got none left'
    report({ where: yaml.whereIs([...path, 'exclude']), what })
  }
  const type = run.type as RunType
  const ofType = rateOfType(type, stacked([base, overrides]), path)
  if (ofType.size > 0) {
    const given = RATES.find((field) => own.has(field) || matrix.has(field) || matrix.has(snakeCase(field)))
    if (given !== undefined) {
      const what = `expected no ${given} in a run of type ${type}, which has a rate of its own, got one`
      report({ where: yaml.whereIs([...path, 'type']), what, hint: 'remove it, or write type: fixed_rate' })
    }
  }
  return kept.map((combination) => {
    const cell = layerOf(yaml, [...path, 'matrix'], Object.fromEntries(combination), report)
    const name = combination.size === 0 ? run.name : `${run.name} [${combinationText(combination)}]`
    return {
      name,
      type,
      path,
      fields: stacked([base, ofType, overrides, rate, withPlaces(cell, run, combination)]),
    }
  })
}

const RATES = ['producerRate', 'rates'] as const

/** What the type alone says of the rate; it goes over that of the base. */
function rateOfType(type: RunType, given: Layer, path: Path): Layer {
  const place = [...path, 'type']
  if (type === 'search' && !given.has('search')) return new Map([['search', { value: {}, path: place }]])
  return new Map()
}

/** A value of the matrix stands at its own place in the list. */
function withPlaces(cell: Layer, { matrix }: TestRunFields, combination: Combination): Layer {
  const lists = matrix as Readonly<Record<string, readonly unknown[]>>
  return new Map(
    [...cell].map(([field, { value, path }]) => {
      const name = String(path.at(-1))
      return [field, { value, path: [...path, lists[name]!.indexOf(combination.get(name))] }]
    }),
  )
}

/** Each run's workload, read as a workload file is; problems of several runs at the same place are told once. */
async function runsOf(
  yaml: YamlSource,
  plan: TestPlanFields,
  outlines: readonly Outline[],
  options: { readonly lenient?: boolean },
): Promise<TestRun[]> {
  const runs: TestRun[] = []
  const failures = new Set<string>()
  for (const outline of outlines) {
    const { name, type, fields } = outline
    try {
      const problem = consumerProblem(fields, yaml) ?? typeProblem(outline, yaml)
      if (problem !== null) throw configError([problem])
      const workload = await workloadFrom(workloadSource(yaml, plan, outline), options)
      for (const { field, problem } of workload.refusals) {
        // An option may name another module; the plan of the run refuses it otherwise.
        if (field !== 'metrics') failures.add(problemText(problem))
      }
      runs.push({ id: runId(name), name, type, workload })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONFIG') throw error
      for (const line of messageOf(error).split('\n')) failures.add(line)
    }
  }
  if (failures.size === 0) return runs
  const lines = [...failures]
  const more = lines.length > MAX_PROBLEMS ? [`and ${lines.length - MAX_PROBLEMS} more`] : []
  throw new AppError('CONFIG', [...lines.slice(0, MAX_PROBLEMS), ...more].join('\n'))
}

/** A run that is called a ramp or a backlog and has none would be taken for what it is not. */
function typeProblem({ type, fields, path }: Outline, yaml: YamlSource): Problem | null {
  const where = yaml.whereIs([...path, 'type'])
  if (type === 'ramp' && !ownsRates(fields)) {
    const what = 'expected a schedule with stages or a trace in a run of type ramp, got none'
    return { where, what, hint: 'add schedule: {stages: [{rate: 1000, rampTo: 10000, seconds: 60}]}' }
  }
  const size = fields.get('backlog') ?? fields.get('consumerBacklogSizeGB')
  if (type === 'backlog' && (size === undefined || size.value === 0)) {
    const what = 'expected a backlog in a run of type backlog, got none'
    return { where, what, hint: 'add backlog: {messages: 100000}' }
  }
  return null
}

/** The run's workload as if it had a file of its own, its places being those of the plan. */
function workloadSource(yaml: YamlSource, plan: TestPlanFields, { name, fields, path }: Outline): YamlSource {
  const data: Record<string, unknown> = { name: name.slice(0, MAX_WORKLOAD_NAME) }
  for (const [field, { value }] of fields) data[field] = value
  const ofTopic = fields.get('consumerPerSubscription')?.path.at(-1) === CONSUMERS_PER_TOPIC
  if (ofTopic) data.subscriptionsPerTopic = 1
  if (plan.drivers !== undefined) data.drivers = plan.drivers
  // A search confirms what it finds; it is not repeated.
  if (plan.repeat !== undefined && data.search === undefined) data.repeat = plan.repeat
  if (plan.metrics !== undefined) data.metrics = plan.metrics
  const inPlan = ([key, ...rest]: Path): Path => {
    if (key === 'drivers' || key === 'repeat' || key === 'metrics') return [key, ...rest]
    const setting = fields.get(String(key))
    return setting === undefined ? path : [...setting.path, ...rest]
  }
  return {
    file: yaml.file,
    // Unfolded: a secret in a side must stay in one piece to be found and masked.
    text: stringify(data, { lineWidth: 0 }),
    data,
    whereIs: (place) => yaml.whereIs(inPlan(place)),
    whereIsKey: (place, key) => yaml.whereIs(inPlan([...place, key])),
  }
}
