import { basename } from 'node:path'
import { backlogProblems, toBacklog } from './backlog.ts'
import { faultProblems, toFaults } from './faults.ts'
import { DEFAULT_WARMUP_S, MAX_AUTO_WARMUP_S, MAX_PAYLOAD_POOL_BYTES, MIN_AUTO_WARMUP_S } from './limits.ts'
import { findMetricsFile } from './metrics-file.ts'
import type { Payload, Plan, Workload } from './model.ts'
import { findPayloadFile } from './payload-file.ts'
import { configError, type Problem } from './problem.ts'
import { repeatedRates, withRates } from './rates.ts'
import type { Refusal } from './refusals.ts'
import { hasOwnRates, type ReadSchedule, readSchedule } from './schedule-fields.ts'
import { type SearchOptions, searchOf } from './search.ts'
import { parseSlos } from './slo.ts'
import { type Locator, validate } from './validate.ts'
import { readableWorkloadSchema, type WorkloadFields, workloadSchema } from './workload-schema.ts'
import { readYaml, type YamlSource } from './yaml-source.ts'

/** A workload file that could be read. It may still ask for what cannot be had: `refusals`. */
export interface WorkloadFile {
  readonly file: string
  /** The text as read. */
  readonly source: string
  readonly workload: Workload
  /** Trials of each side, at each rate; `auto`: as many as a verdict needs. */
  readonly repeat: number | 'auto'
  /** Module of custom figures; null = none, or none that is there (then it is among the refusals). */
  readonly metrics: Plan['metrics']
  readonly refusals: readonly Refusal[]
  /** Defaults taken that differ from OMB's, and fields without effect. */
  readonly notes: readonly string[]
  /** What the lenient switch passed over. */
  readonly ignored: readonly string[]
  readonly locator: Locator
}

/**
 * Reads a workload in OMB's dialect or ours. Throws `AppError('CONFIG')` with every problem, each at `file:line:col`.
 * `lenient` passes over unknown keys and enum values and lists them.
 */
export async function readWorkload(
  file: string,
  options: { readonly lenient?: boolean } = {},
): Promise<WorkloadFile> {
  return workloadFrom(await readYaml(file), options)
}

/** As `readWorkload`, of data that is read already: a file, or a run of a test plan. */
export async function workloadFrom(
  yaml: YamlSource,
  options: { readonly lenient?: boolean } = {},
): Promise<WorkloadFile> {
  const { file } = yaml
  const { value: fields, ignored } = validate(readableWorkloadSchema, yaml.data, yaml, {
    ...options,
    textSchema: workloadSchema,
  })
  const searched = isSearch(fields) ? searchOf(fields.search ?? {}, yaml) : null
  const problems = [
    ...(searched?.problems ?? []),
    ...rateProblems(fields, yaml),
    ...durationProblems(fields, yaml),
    ...payloadProblems(fields, yaml),
    ...parseSlos(fields.slo ?? [], ['slo'], yaml).problems,
    ...faultProblems(fields.faults, yaml),
    ...backlogProblems(fields, yaml),
    ...autoWarmupProblems(fields, yaml),
  ]
  const payload = await payloadOf(fields, file, yaml)
  if ('problem' in payload) problems.push(payload.problem)
  const schedule = await readSchedule(fields.schedule, file, yaml)
  if ('problems' in schedule) problems.push(...schedule.problems)
  if (problems.length > 0 || 'problem' in payload || 'problems' in schedule) throw configError(problems)
  const metrics =
    fields.metrics === undefined
      ? { found: null }
      : await findMetricsFile(fields.metrics, file, yaml.whereIs(['metrics']))
  const refusals: Refusal[] = []
  if ('problem' in metrics) refusals.push({ field: 'metrics', problem: metrics.problem })
  return {
    file,
    source: yaml.text,
    workload: toWorkload(fields, payload, schedule, searched?.search ?? null, file),
    repeat: fields.repeat,
    metrics: 'found' in metrics ? metrics.found : null,
    refusals,
    notes: notesOf(yaml.data, fields),
    ignored,
    locator: yaml,
  }
}

const RIVAL_HINTS: Readonly<Record<string, string>> = {
  producerRate: 'it is the one rate',
  rates: 'rates stand in the place of producerRate',
  search: 'the search finds the rate, and search.startRate is its first',
  schedule: 'this schedule has rates of its own',
}

function rateProblems(
  { producerRate, rates, search, repeat, schedule }: WorkloadFields,
  locator: Locator,
): Problem[] {
  const problems: Problem[] = []
  const refuse = (path: readonly PropertyKey[], what: string, hint: string) =>
    problems.push({ where: locator.whereIs(path), what, hint })
  const given = [
    producerRate !== undefined && (producerRate > 0 || search === undefined) && 'producerRate',
    rates !== undefined && 'rates',
    search !== undefined && 'search',
    hasOwnRates(schedule) && 'schedule',
  ].filter((field) => field !== false)
  const [first] = given
  if (first === undefined) {
    refuse([], 'expected producerRate or rates, got neither', 'add producerRate: 10000')
  } else if (given.length > 1) {
    const what = `expected ${given.slice(0, -1).join(', ')} or ${given.at(-1)}, got ${given.length === 2 ? 'both' : 'all'}`
    const last = given.at(-1)!
    refuse([last], what, `remove one of them: ${RIVAL_HINTS[last]}`)
  }
  for (const index of repeatedRates(rates ?? [])) {
    const what = `expected each rate once, got ${rates![index]} again`
    refuse(['rates', index], what, 'remove it; repeat asks for more trials')
  }
  if (isSearch({ producerRate, search }) && repeat !== 1) {
    const hint = 'remove it; search.confirmations asks for more steps at the rate found'
    refuse(['repeat'], `expected repeat: 1 with a search, got ${repeat}`, hint)
  }
  return problems
}

/** OMB's 0 means: find the rate. */
function isSearch({ producerRate, search }: Pick<WorkloadFields, 'producerRate' | 'search'>): boolean {
  return search !== undefined || producerRate === 0
}

function durationProblems(fields: WorkloadFields, locator: Locator): Problem[] {
  const problems: Problem[] = []
  const both = (name: 'testDuration' | 'warmupDuration') =>
    fields[`${name}Minutes`] !== undefined && fields[`${name}Seconds`] !== undefined
  for (const name of ['testDuration', 'warmupDuration'] as const) {
    if (!both(name)) continue
    const what = `expected ${name}Minutes or ${name}Seconds, got both`
    problems.push({ where: locator.whereIs([`${name}Seconds`]), what, hint: 'remove one of them' })
  }
  const given = (['testDurationMinutes', 'testDurationSeconds'] as const).filter(
    (name) => fields[name] !== undefined,
  )
  if (hasOwnRates(fields.schedule)) {
    for (const name of given) {
      const what = `expected ${name} or a schedule with a length of its own, got both`
      problems.push({ where: locator.whereIs([name]), what, hint: 'remove one of them' })
    }
  } else if (given.length === 0 && !isSearch(fields)) {
    const what = 'expected testDurationMinutes or testDurationSeconds, got neither'
    problems.push({ where: locator.whereIs([]), what, hint: 'add testDurationMinutes: 5' })
  }
  return problems
}

function payloadProblems(fields: WorkloadFields, locator: Locator): Problem[] {
  if (!fields.useRandomizedPayloads) return []
  const problems: Problem[] = []
  for (const name of ['randomBytesRatio', 'randomizedPayloadPoolSize'] as const) {
    if (fields[name] !== undefined) continue
    const what = `expected ${name} beside useRandomizedPayloads: true, got nothing`
    const hint =
      name === 'randomBytesRatio' ? 'add randomBytesRatio: 0.5' : 'add randomizedPayloadPoolSize: 1000'
    problems.push({ where: locator.whereIs(['useRandomizedPayloads']), what, hint })
  }
  const poolBytes = (fields.randomizedPayloadPoolSize ?? 0) * fields.messageSize
  if (poolBytes > MAX_PAYLOAD_POOL_BYTES) {
    const what = `expected a payload pool of at most ${MAX_PAYLOAD_POOL_BYTES} bytes, got ${poolBytes}`
    const hint = `set randomizedPayloadPoolSize to at most ${Math.floor(MAX_PAYLOAD_POOL_BYTES / fields.messageSize)}`
    problems.push({ where: locator.whereIs(['randomizedPayloadPoolSize']), what, hint })
  }
  return problems
}

async function payloadOf(
  fields: WorkloadFields,
  file: string,
  locator: Locator,
): Promise<Payload | { readonly problem: Problem }> {
  if (fields.useRandomizedPayloads) {
    const { randomBytesRatio: randomRatio = 0, randomizedPayloadPoolSize: poolSize = 1 } = fields
    return { kind: 'random', randomRatio, poolSize }
  }
  if (fields.payloadFile === undefined) return { kind: 'fixed' }
  const where = locator.whereIs(['payloadFile'])
  const found = await findPayloadFile(fields.payloadFile, fields.messageSize, file, where)
  return 'problem' in found ? found : { kind: 'file', path: found.file }
}

function toWorkload(
  fields: WorkloadFields,
  payload: Payload,
  { schedule, fixed }: ReadSchedule,
  search: SearchOptions | null,
  file: string,
): Workload {
  const backlog = toBacklog(fields)
  const workload = {
    name: fields.name ?? basename(file).replace(/\.ya?ml$/, ''),
    topics: fields.topics,
    partitionsPerTopic: fields.partitionsPerTopic,
    keyDistributor: fields.keyDistributor,
    messageBytes: fields.messageSize,
    payload,
    subscriptionsPerTopic: fields.subscriptionsPerTopic,
    producersPerTopic: fields.producersPerTopic,
    consumersPerSubscription: fields.consumerPerSubscription,
    producerRateHz: search?.startHz ?? fixed?.meanRateHz ?? fields.producerRate ?? 0,
    ...(search && { search }),
    consumerRateHz: fields.consumerRate ?? null,
    warmupS: warmupSeconds(fields),
    ...(fields.warmup && { warmup: fields.warmup }),
    ...(backlog !== null && { backlog }),
    durationS:
      fixed?.durationS ??
      seconds(fields.testDurationMinutes, fields.testDurationSeconds) ??
      search?.stepS ??
      0,
    ...(schedule !== null && { schedule }),
    ...(fields.slo && { slo: fields.slo }),
    ...(fields.endToEndClock === 'echo' ? { endToEndClock: 'echo' as const } : {}),
    drivers: fields.drivers ?? null,
    ...(fields.faults && { faults: toFaults(fields.faults) }),
  }
  return fields.rates === undefined ? workload : withRates(workload, fields.rates)
}

function seconds(minutes: number | undefined, wholeSeconds: number | undefined): number | undefined {
  return minutes === undefined ? wholeSeconds : minutes * 60
}

/** With `warmup: auto` the longest. */
function warmupSeconds({ warmup, warmupDurationMinutes, warmupDurationSeconds }: WorkloadFields): number {
  const given = seconds(warmupDurationMinutes, warmupDurationSeconds)
  return given ?? (warmup === 'auto' ? MAX_AUTO_WARMUP_S : DEFAULT_WARMUP_S)
}

function autoWarmupProblems(fields: WorkloadFields, locator: Locator): Problem[] {
  if (fields.warmup !== 'auto' || warmupSeconds(fields) >= MIN_AUTO_WARMUP_S) return []
  const name = fields.warmupDurationSeconds === undefined ? 'warmupDurationMinutes' : 'warmupDurationSeconds'
  const what = `expected at least ${MIN_AUTO_WARMUP_S} s beside warmup: auto, got ${warmupSeconds(fields)} s`
  const hint = 'so long it takes to see whether a load has settled; with auto it is the longest warm-up'
  return [{ where: locator.whereIs([name]), what, hint }]
}

/** OMB's default is 0 for all of these. */
const COUNTS: Readonly<Record<string, string>> = {
  topics: 'no topic would be made',
  partitionsPerTopic: 'no topic could be made',
  producersPerTopic: 'nothing would be sent',
  subscriptionsPerTopic: 'nothing would be consumed',
  consumerPerSubscription: 'nothing would be consumed',
}

function notesOf(data: Readonly<Record<string, unknown>>, fields: WorkloadFields): string[] {
  const given = (key: string) => Object.hasOwn(data, key)
  const notes = Object.entries(COUNTS)
    .filter(([key]) => !given(key))
    .map(([key, effect]) => `${key} is not given: taken as 1 (OMB's default is 0: ${effect})`)
  if (isSearch(fields)) notes.push(...searchNotes(given))
  else if (!given('warmup') && !given('warmupDurationMinutes') && !given('warmupDurationSeconds')) {
    notes.push(`warm-up is not given: taken as ${DEFAULT_WARMUP_S} s (OMB's default is 1 minute)`)
  }
  if (fields.useRandomizedPayloads && given('payloadFile')) {
    notes.push('payloadFile is not used: useRandomizedPayloads is true, as in OMB')
  }
  if (!fields.useRandomizedPayloads && (given('randomBytesRatio') || given('randomizedPayloadPoolSize'))) {
    notes.push(
      'randomBytesRatio and randomizedPayloadPoolSize have no effect: useRandomizedPayloads is not true',
    )
  }
  return notes
}

function searchNotes(given: (key: string) => boolean): string[] {
  const unused = [
    'testDurationMinutes',
    'testDurationSeconds',
    'warmupDurationMinutes',
    'warmupDurationSeconds',
  ].filter(given)
  const notes =
    unused.length === 0
      ? []
      : [
          `${unused.join(' and ')} not used: a search has steps of its own (search.stepSeconds, settleSeconds)`,
        ]
  if (!given('search')) notes.push('producerRate is 0: the highest rate that is sustained is searched for')
  return notes
}
