import { DRIVERS, type DriverEntry } from '../drivers/registry.ts'
import { backlogPlanProblems, withBacklogLimits } from './backlog.ts'
import { formatDuration } from './duration.ts'
import { refuseFaults } from './faults.ts'
import {
  AUDIT_MESSAGES,
  MAX_AUTO_WARMUP_S,
  MAX_CONSUMERS,
  MAX_DEFAULT_WORKERS,
  MAX_PARTITIONS,
  MAX_PRODUCERS,
} from './limits.ts'
import { metricsModule } from './metrics-file.ts'
import type { Plan, Side, Workload } from './model.ts'
import { type ParsedFlags, type PlanOptions, parseFlags } from './plan-options.ts'
import { configError, type Problem } from './problem.ts'
import { displayPath } from './product-folder.ts'
import { trialsForVerdict } from './prospect.ts'
import { ratesOf, withRates } from './rates.ts'
import { scheduleProblems, withDuration } from './schedule-flags.ts'
import { SEARCH_DEFAULTS, type SearchOptions } from './search.ts'
import { MASK, maskLoose } from './secrets.ts'
import { parseSideToken, splitSides } from './side-token.ts'
import { resolveSides, type SideRequest } from './sides.ts'
import { trialOrder } from './trial-order.ts'
import { readWorkload, type WorkloadFile } from './workload-file.ts'

/**
 * What a run would do, without touching a broker or loading a driver (`checkCapabilities` does that). Throws
 * `AppError('USAGE')` for options and `AppError('CONFIG')` for files, with every problem found.
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const flags = parseFlags(options)
  const registry = options.registry ?? DRIVERS
  const file = options.workload ?? (await readWorkload(options.workloadFile, { lenient: flags.lenient }))
  const workload = withBacklogLimits(withFlags(file.workload, flags))
  refuse(file, workload, flags)
  const requests = sideRequests(file, flags, registry)
  if (requests.length === 0) {
    const what = 'expected at least one side, got none: no driver has a local broker'
    throw configError([{ where: displayPath(options.workloadFile), what, hint: 'name sides with --drivers' }])
  }
  const { workloadFile } = options
  const entryOf = ({ driver }: Side) => registry.find(({ name }) => name === driver)
  const sides = await resolveSides(requests, { registry, workloadFile, lenient: flags.lenient })
  refuseFaults({ workload, sides, topology: flags.topology }, file.locator, {
    nodes: (side) => entryOf(side)?.localNodes?.[flags.topology] ?? null,
    tellsLeader: (side) => entryOf(side)?.localNodes?.tellsLeader === true,
    redirects: (side) => entryOf(side)?.redirectsClients === true,
  })
  const producers = workload.topics * workload.producersPerTopic
  const consumers = workload.topics * workload.subscriptionsPerTopic * workload.consumersPerSubscription
  // One clock reads both ends of a topic's latencies, so one worker has it alone.
  const mostWorkers = workload.endToEndClock === 'echo' ? workload.topics : Math.max(producers, consumers)
  const workers = Math.min(flags.workers ?? defaultWorkers(flags.cores), mostWorkers)
  const rates = ratesOf(workload)
  const asked = workload.search === undefined ? (flags.repeat ?? file.repeat) : 1
  const repeat = asked === 'auto' ? trialsForVerdict({ sides, rates: rates.length }) : asked
  const metrics = flags.metrics === null ? file.metrics : await metricsModule(flags.metrics)
  const { drivers, workloadSource } = withoutSecrets(file, registry)
  return {
    workload: { ...workload, drivers },
    workloadSource,
    workloadFile: displayPath(workloadFile),
    sides,
    workers,
    topology: flags.topology,
    strict: flags.strict,
    metrics,
    repeat,
    seed: flags.seed,
    order: trialOrder(sides.length, rates, repeat, flags.seed),
    notes: notesOf(file, workload, flags, workers),
  }
}

/** Half of the cores: a producer and a consumer process for each pair, the broker beside them. */
function defaultWorkers(cores: number): number {
  return Math.max(1, Math.min(MAX_DEFAULT_WORKERS, Math.floor(cores / 2)))
}

function withFlags(file: Workload, flags: ParsedFlags): Workload {
  const { durationS, warmupS, autoWarmup, ratesHz } = flags
  const search = ratesHz === null ? searchWith(file, flags) : null
  if (search !== null) {
    const { ratesHz: _, warmup: __, ...one } = file
    const { stepS, settleS, startHz } = search
    return { ...one, producerRateHz: startHz, search, durationS: stepS, warmupS: settleS }
  }
  const rated = ratesHz === null ? file : withRates(file, ratesHz)
  const warmupLimitS = durationS === null ? Number.POSITIVE_INFINITY : durationS / 2
  const { warmup, ...timed } = durationS === null ? rated : withDuration(rated, durationS)
  if (autoWarmup || (warmup === 'auto' && warmupS === null)) {
    const longestS = warmup === 'auto' ? file.warmupS : MAX_AUTO_WARMUP_S
    return { ...timed, warmup: 'auto', warmupS: longestS }
  }
  return { ...timed, warmupS: warmupS ?? Math.min(file.warmupS, warmupLimitS) }
}

/** The search that is asked for, with the durations of the command line for its steps; null = none. */
function searchWith(
  { search: ofFile }: Workload,
  { search: flag, durationS, warmupS }: ParsedFlags,
): SearchOptions | null {
  if (ofFile === undefined && flag === null) return null
  const search = ofFile ?? SEARCH_DEFAULTS
  const limitS = durationS === null ? Number.POSITIVE_INFINITY : durationS / 2
  return {
    ...search,
    slos: flag?.slos ?? search.slos,
    stepS: durationS ?? search.stepS,
    settleS: warmupS ?? Math.min(search.settleS, limitS),
  }
}

/** Throws when the workload asks for what does not exist yet, or for more than one machine can carry. */
function refuse(file: WorkloadFile, workload: Workload, flags: ParsedFlags): void {
  const lifted = [
    (flags.ratesHz !== null || flags.search !== null) && 'producerRate',
    flags.metrics !== null && 'metrics',
  ]
  const problems = file.refusals.filter(({ field }) => !lifted.includes(field)).map(({ problem }) => problem)
  problems.push(
    ...sizeProblems(workload, file),
    ...scheduleProblems(workload, flags),
    ...backlogPlanProblems(workload),
  )
  if (problems.length > 0) throw configError(problems)
}

function sizeProblems(workload: Workload, { locator, workload: file }: WorkloadFile): Problem[] {
  const problems: Problem[] = []
  const atMost = (field: string, what: string, most: number, got: number) => {
    if (got <= most) return
    const sentence = `expected at most ${count(most)} ${what} on one machine, got ${count(got)}`
    problems.push({
      where: locator.whereIs([field]),
      what: sentence,
      hint: 'lower topics, or the number for each',
    })
  }
  const { topics } = workload
  const subscriptions = topics * workload.subscriptionsPerTopic
  atMost('producersPerTopic', 'producers', MAX_PRODUCERS, topics * workload.producersPerTopic)
  atMost(
    'consumerPerSubscription',
    'consumers',
    MAX_CONSUMERS,
    subscriptions * workload.consumersPerSubscription,
  )
  atMost('partitionsPerTopic', 'partitions', MAX_PARTITIONS, topics * workload.partitionsPerTopic)
  const [lowestHz] = ratesOf(workload)
  if (lowestHz! > 0 && lowestHz! * workload.durationS < 1) {
    const what = `expected at least one message, got ${lowestHz} a second for ${workload.durationS} s`
    const field = file.search !== undefined ? 'search' : file.ratesHz === undefined ? 'producerRate' : 'rates'
    problems.push({ where: locator.whereIs([field]), what, hint: 'measure longer, or send faster' })
  }
  return problems
}

function sideRequests(
  file: WorkloadFile,
  flags: ParsedFlags,
  registry: readonly DriverEntry[],
): SideRequest[] {
  if (flags.drivers !== null) return splitSides(flags.drivers).map((text) => ({ text, where: '--drivers' }))
  if (file.workload.drivers !== null) {
    return file.workload.drivers.flatMap((tokens, index) =>
      splitSides(tokens).map((text) => ({ text, where: file.locator.whereIs(['drivers', index]) })),
    )
  }
  const local = registry.filter(({ localBroker, forTests }) => localBroker !== null && !forTests)
  return local.map(({ name }) => ({ text: name, where: 'default side' }))
}

/** Sides written in the workload, with their secrets masked there and in the text of the file. */
function withoutSecrets({ source, workload }: WorkloadFile, registry: readonly DriverEntry[]) {
  const secretPaths = registry.flatMap(({ secretKeys }) => secretKeys)
  let workloadSource = source
  const drivers = workload.drivers?.map((tokens) => splitSides(tokens).map(masked).join(','))
  function masked(token: string): string {
    const { overrides, shown } = parseSideToken(token, '', secretPaths)
    for (const { key, text } of overrides) {
      if (text === '' || shown.includes(`${key}=${text}`)) continue
      workloadSource = workloadSource.replaceAll(`${key}=${text}`, `${key}=${MASK}`)
    }
    return shown
  }
  return { drivers: drivers ?? null, workloadSource: maskLoose(workloadSource) }
}

function notesOf(file: WorkloadFile, workload: Workload, flags: ParsedFlags, workers: number): string[] {
  const notes = [...file.ignored.map((text) => `ignored: ${text}`)]
  notes.push(
    ...file.notes.filter(
      (note) => (flags.warmupS === null && !flags.autoWarmup) || !note.startsWith('warm-up'),
    ),
  )
  if (workload.search !== undefined) return [...notes, ...searchFlagNotes(file, flags)]
  if (flags.durationS !== null)
    notes.push(`--duration: ${formatDuration(file.workload.durationS)} in the file`)
  if (flags.durationS !== null && flags.warmupS === null && workload.warmupS < file.workload.warmupS) {
    notes.push(`warm-up shortened to ${formatDuration(workload.warmupS)}, half of --duration`)
  }
  if (flags.durationS !== null && workload.schedule?.shape?.kind === 'stages') {
    notes.push('--duration: the stages of the schedule are shortened (or lengthened) alike, their rates stay')
  }
  if (workload.schedule?.shape?.warmupRateHz === 0 && workload.warmupS > 0) {
    notes.push('nothing is sent in warm-up: the schedule begins at a rate of 0, and has no warmupRate')
  }
  if (flags.ratesHz !== null) {
    const flag = flags.ratesHz.length === 1 ? '--rate' : '--rates'
    notes.push(`${flag}: ${ratesOf(file.workload).map(count).join(' and ')} messages/s in the file`)
  }
  if (flags.workers !== null && workers < flags.workers) {
    const what = workload.endToEndClock === 'echo' ? 'topics' : 'producers or consumers'
    notes.push(`--workers ${flags.workers}: ${workers} is enough, there are no more ${what}`)
  }
  if (workload.producerRateHz * (workload.warmupS + workload.durationS) > AUDIT_MESSAGES) {
    notes.push(`more than ${count(AUDIT_MESSAGES)} messages: the audit may have to fall back to counts only`)
  }
  return notes
}

function searchFlagNotes(file: WorkloadFile, flags: ParsedFlags): string[] {
  const notes: string[] = []
  if (flags.search !== null && file.workload.search === undefined) {
    notes.push(
      `--search: ${ratesOf(file.workload).map(count).join(' and ')} messages/s in the file, and durations of its own`,
    )
  }
  if (flags.durationS !== null)
    notes.push(`--duration: each step measures ${formatDuration(flags.durationS)}`)
  return notes
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
