import type { Clock } from '../clock/clock.ts'
import type { TopicTerms } from '../driver/driver.ts'
import { findDriver } from '../drivers/registry.ts'
import type { EngineReport } from '../engine/types.ts'
import { messageOf } from '../errors/app-error.ts'
import type { WorkerClock } from '../result/clocks.ts'
import type { BacklogResult, WarmupResult } from '../result/load.ts'
import type { BrokerFigures } from '../result/result.ts'
import type { Opened } from '../worker/protocol.ts'
import type { Side, Workload } from '../workload/model.ts'
import { type Assignment, assign } from './assignment.ts'
import { createClockSync, endToEndBoundUs } from './clock-sync.ts'
import { type Crew, type CrewMember, hasRole, startCrew } from './crew.ts'
import { isDrained } from './drain.ts'
import type { Second, Step, Tell } from './events.ts'
import type { FaultRecord } from './faults/fault-runner.ts'
import type { TrialFaultTargets } from './faults/trial-faults.ts'
import { liveLoad, offerLoad } from './offer-load.ts'
import { watchSeconds } from './seconds.ts'
import { TRIAL_LIMITS } from './trial-limits.ts'
import { limit, naming, progressOf } from './waits.ts'

export { TRIAL_LIMITS } from './trial-limits.ts'

const DRAIN_POLL_MS = 50

export interface TrialOptions {
  readonly workload: Workload
  readonly side: Side
  readonly servers: readonly string[]
  readonly workers: number
  readonly seed: number
  readonly clock: Clock
  readonly tell: Tell
  /** Ctrl-C: the trial is cut short and what there is, is collected. */
  readonly signal: AbortSignal
  /** Called at the begin and the end of measure, with the processes that make the load; what it took is measured then. */
  readonly onMeasure: (edge: 'begin' | 'end', workerPids: readonly number[]) => void
  /** What the workload's faults can reach; default: nothing but consumers. */
  readonly faultTargets?: TrialFaultTargets
  /** Shorter limit of the drain: of a search, and of tests that lose messages on purpose. */
  readonly drainMs?: number
  /** Who makes the load; default: processes on this machine. */
  readonly startCrew?: typeof startCrew
}

/** Everything a trial left behind, before it is made into a result. */
export interface TrialRecord {
  readonly startedAtMs: number
  readonly assignment: Assignment
  readonly opened: Opened
  /** What the server says of the topics that were made; a sentence where it could not be asked. */
  readonly topicTerms: TopicTerms | string
  readonly members: readonly CrewMember[]
  /** One for each member; a sentence where the worker died or could not report. */
  readonly reports: readonly (EngineReport | string)[]
  readonly clockBoundUs: number
  /** Of workers that do not share the supervisor's clock. */
  readonly clocks: readonly WorkerClock[]
  readonly drain: { readonly durationMs: number; readonly complete: boolean }
  /** The drain's end, µs from the epoch. */
  readonly endUs: number
  readonly interrupted: string | null
  /** What the broker itself counted; null where the driver cannot ask it. */
  readonly brokerFigures: BrokerFigures | null
  /** In the order of the workload; empty without any. */
  readonly faults: readonly FaultRecord[]
  /** How long warm-up and measure really were. */
  readonly timing: Pick<Workload, 'warmupS' | 'durationS'>
  /** Null where the warm-up had a fixed length. */
  readonly warmup: WarmupResult | null
  /** Null where none was asked for, or the trial ended before. */
  readonly backlog: BacklogResult | null
}

/**
 * Runs one workload on one side: prepare, warm-up, measure, drain, collect. Throws when it can't be prepared; from the
 * epoch on, failures become part of the record.
 */
export async function runTrial(options: TrialOptions): Promise<TrialRecord> {
  const { workload, side, clock, tell } = options
  const startedAtMs = clock.wallMs()
  const runId = crypto.getRandomValues(new Uint32Array(1))[0]!
  const namePrefix = `bench-${runId.toString(36)}`
  const { consumerIsServer } = (await findDriver(side.driver).load()).capabilities(side.config)
  const assignment = assign({
    workload,
    workers: options.workers,
    consumersAreServers: consumerIsServer,
    together: workload.endToEndClock === 'echo',
    runId,
    seed: options.seed,
    namePrefix,
  })
  const step = (name: Step, detail: string) => tell({ kind: 'step', side: side.label, step: name, detail })

  const live = liveLoad(workload)
  const told: Second[] = []
  const seconds = watchSeconds(live, (second) => {
    told.push(second)
    tell({ kind: 'second', side: side.label, ...second })
  })
  const crew = (options.startCrew ?? startCrew)(assignment.workers, {
    onInterval: seconds.onInterval,
    onLog: (line) => tell({ kind: 'log', side: side.label, line }),
  })
  const clockSync = createClockSync(crew, clock)
  try {
    seconds.watch(crew.members)
    step('prepare', `${crew.members.length} worker processes`)
    const { opened, topicTerms } = await prepare(crew, assignment, options, namePrefix)
    await naming('comparing the clocks of the workers', TRIAL_LIMITS.clocksMs, () =>
      clockSync.before(limit(TRIAL_LIMITS.clocksMs, options.signal, crew.death)),
    )
    clockSync.start()
    const { measureBegins } = clockSync
    const load = await offerLoad({ crew, assignment, trial: options, live, told, step, measureBegins })
    const { cut } = load
    if (cut !== null) await stopSending(crew)
    step('drain', 'waiting for what is still under way')
    const drain = await drainTrial(crew, assignment, options, cut !== null)
    step('collect', 'audit and histograms')
    const endUs = clock.nowUs() - load.epochUs
    const clocks = await clockSync.finish()
    const reports = await collect(crew, endUs)
    const interrupted =
      cut ??
      (options.signal.aborted ? messageOf(options.signal.reason) : (deathOf(crew) ?? silenceOf(reports)))
    const brokerFigures = await figuresOf(crew, assignment)
    await deleteTopics(crew, assignment, step)
    return {
      startedAtMs,
      assignment,
      opened,
      topicTerms,
      members: crew.members,
      reports,
      clockBoundUs: endToEndBoundUs(clocks),
      clocks,
      drain,
      endUs,
      interrupted,
      brokerFigures,
      faults: load.faults,
      timing: { warmupS: live.warmupS, durationS: live.durationS },
      warmup: load.warmup,
      backlog: load.backlog,
    }
  } finally {
    clockSync.stop()
    await crew.end()
  }
}

async function prepare(
  crew: Crew,
  assignment: Assignment,
  options: TrialOptions,
  namePrefix: string,
): Promise<Pick<TrialRecord, 'opened' | 'topicTerms'>> {
  const { side, servers } = options
  const within = (limitMs: number) => limit(limitMs, options.signal, crew.death)
  const opened = await naming('opening the driver', TRIAL_LIMITS.openMs, () =>
    crew.askAll(
      'open',
      (member) => ({ driver: side.driver, config: side.config, servers, namePrefix, spec: member.spec }),
      { signal: within(TRIAL_LIMITS.openMs) },
    ),
  )
  const signal = within(TRIAL_LIMITS.prepareMs)
  await naming('making topics, consumers and producers', TRIAL_LIMITS.prepareMs, async () => {
    await crew.members[0]!.handle.ask('createTopics', { topics: assignment.topics }, signal)
    await crew.askAll('prepareConsumers', () => null, { role: 'consumer', signal })
    await crew.askAll('prepareProducers', () => null, { role: 'producer', signal })
  })
  return { opened: opened[0]!, topicTerms: await termsOf(crew, assignment, signal) }
}

/** Whatever goes wrong is told and harms nothing else, but for Ctrl-C and the death of a worker. */
async function termsOf(
  crew: Crew,
  { topics }: Assignment,
  signal: AbortSignal,
): Promise<TrialRecord['topicTerms']> {
  try {
    const terms = await naming('asking the server about the topics', TRIAL_LIMITS.termsMs, () =>
      crew.members[0]!.handle.ask('topicTerms', { topics }, limit(TRIAL_LIMITS.termsMs, signal)),
    )
    return terms ?? {}
  } catch (error) {
    signal.throwIfAborted()
    return messageOf(error)
  }
}

/** A worker that cannot answer is dead or will be told by the limits of `finish`. */
async function stopSending(crew: Crew): Promise<void> {
  const signal = AbortSignal.timeout(TRIAL_LIMITS.shortDrainMs)
  await Promise.allSettled(
    crew.members
      .filter((member) => hasRole(member, 'producer'))
      .map((member) => member.handle.ask('stopSending', null, signal)),
  )
}

/**
 * Waits until every accepted message is settled, and every one that the system took or may have taken is delivered to
 * every subscription; or until the limit. After a cut the limit is short.
 */
async function drainTrial(
  crew: Crew,
  assignment: Assignment,
  { clock, signal, drainMs = TRIAL_LIMITS.drainMs }: TrialOptions,
  cut: boolean,
): Promise<{ durationMs: number; complete: boolean }> {
  const startUs = clock.nowUs()
  const elapsedMs = () => (clock.nowUs() - startUs) / 1000
  const limitMs = () => (cut || signal.aborted || crew.death.aborted ? TRIAL_LIMITS.shortDrainMs : drainMs)
  let complete = false
  while (!complete && elapsedMs() < limitMs()) {
    await clock.sleep(DRAIN_POLL_MS)
    const progress = await progressOf(crew)
    // Who does not answer may hold messages that nobody else knows of.
    complete =
      progress.length === crew.members.length && isDrained(progress, assignment.subscriptionsPerTopic)
  }
  return { durationMs: Math.round(elapsedMs()), complete: complete && !crew.death.aborted }
}

async function collect(crew: Crew, endUs: number): Promise<(EngineReport | string)[]> {
  // Producers first: what they settle as unknown may still arrive while consumers are open.
  const reports = new Map<CrewMember, EngineReport | string>()
  for (const sends of [true, false]) {
    // A time of its own: a producer that hangs must not cost the consumers' reports.
    const signal = AbortSignal.timeout(TRIAL_LIMITS.finishMs)
    await Promise.all(
      crew.members
        .filter((member) => hasRole(member, 'producer') === sends)
        .map(async (member) => {
          const report = naming('settling and reporting', TRIAL_LIMITS.finishMs, () =>
            member.handle.ask('finish', { endUs }, signal),
          )
          reports.set(member, await report.catch(messageOf))
        }),
    )
  }
  return crew.members.map((member) => reports.get(member) ?? 'never asked')
}

function deathOf(crew: Crew): string | null {
  return crew.death.aborted ? messageOf(crew.death.reason) : null
}

/** A worker that never reported cut the trial short as much as one that died: what it offered is not known to the end. */
function silenceOf(reports: readonly (EngineReport | string)[]): string | null {
  return reports.find((report) => typeof report === 'string') ?? null
}

/** Asks a worker that lives; whatever goes wrong is told and harms nothing else. */
async function figuresOf(crew: Crew, { topics }: Assignment): Promise<BrokerFigures | null> {
  const member = crew.members.find((candidate) => candidate.handle.death === null)
  if (member === undefined) return null
  try {
    const figures = await naming('asking the broker for its own figures', TRIAL_LIMITS.figuresMs, () =>
      member.handle.ask('topicFigures', { topics }, AbortSignal.timeout(TRIAL_LIMITS.figuresMs)),
    )
    return figures === null ? null : { topics: figures, error: null }
  } catch (error) {
    return { topics: [], error: messageOf(error) }
  }
}

async function deleteTopics(
  crew: Crew,
  assignment: Assignment,
  step: (name: Step, detail: string) => void,
): Promise<void> {
  const member = crew.members.find((candidate) => candidate.handle.death === null)
  try {
    await naming('deleting them', TRIAL_LIMITS.deleteTopicsMs, async () =>
      member?.handle.ask(
        'deleteTopics',
        { topics: assignment.topics },
        AbortSignal.timeout(TRIAL_LIMITS.deleteTopicsMs),
      ),
    )
  } catch (error) {
    step('collect', `topics were left behind: ${messageOf(error)}`)
  }
}
