import type { Clock } from '../clock/clock.ts'
import type { TopicTerms } from '../driver/driver.ts'
import { findDriver } from '../drivers/registry.ts'
import type { EngineReport } from '../engine/types.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { BrokerFigures } from '../result/result.ts'
import type { Opened, WorkerProgress } from '../worker/protocol.ts'
import type { Side, Workload } from '../workload/model.ts'
import { type Assignment, assign } from './assignment.ts'
import { boundClocks } from './clock-bound.ts'
import { type Crew, type CrewMember, startCrew } from './crew.ts'
import { isDrained } from './drain.ts'
import type { Step, Tell } from './events.ts'
import { type FaultRecord, RECOVER_LIMIT_MS } from './faults/fault-runner.ts'
import { armFaults, type TrialFaults, type TrialFaultTargets } from './faults/trial-faults.ts'
import { intervalBoundaries } from './intervals.ts'
import { watchSeconds } from './seconds.ts'

/** Named limits of a trial. */
export const TRIAL_LIMITS = {
  /** Opening drivers: drivers themselves give up after 15 s. */
  openMs: 20_000,
  /** Making topics, consumers and producers. */
  prepareMs: 120_000,
  /** Stamps of all workers, for the bound on clocks. */
  clocksMs: 20_000,
  /** From the order to start until the epoch: time for every worker to hear of it. */
  startLeadMs: 300,
  /** Answers to the order to start. */
  startMs: 20_000,
  /** How long acknowledgements and deliveries are waited for after sending has stopped. */
  drainMs: 30_000,
  /** The same after Ctrl-C or the death of a worker. */
  shortDrainMs: 2_000,
  /** Settling and reporting: once for producers, once for consumers. */
  finishMs: 60_000,
  /** What the broker itself counted. */
  figuresMs: 10_000,
  /** What it says of the topics. */
  termsMs: 10_000,
  deleteTopicsMs: 20_000,
} as const

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
  /** Shorter limit of the drain, for tests that lose messages on purpose. */
  readonly drainMs?: number
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
  readonly drain: { readonly durationMs: number; readonly complete: boolean }
  /** The drain's end, µs from the epoch. */
  readonly endUs: number
  readonly interrupted: string | null
  /** What the broker itself counted; null where the driver cannot ask it. */
  readonly brokerFigures: BrokerFigures | null
  /** In the order of the workload; empty without any. */
  readonly faults: readonly FaultRecord[]
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
    runId,
    seed: options.seed,
    namePrefix,
  })
  const step = (name: Step, detail: string) => tell({ kind: 'step', side: side.label, step: name, detail })

  const seconds = watchSeconds(workload, (second) => tell({ kind: 'second', side: side.label, ...second }))
  const crew = startCrew(assignment.workers, {
    onInterval: seconds.onInterval,
    onLog: (line) => tell({ kind: 'log', side: side.label, line }),
  })
  try {
    seconds.watch(crew.members)
    step('prepare', `${crew.members.length} worker processes`)
    const { opened, topicTerms } = await prepare(crew, assignment, options, namePrefix)
    const clockBoundUs = await naming('comparing the clocks of the workers', TRIAL_LIMITS.clocksMs, () =>
      boundClocks(crew, clock, limit(TRIAL_LIMITS.clocksMs, options.signal, crew.death)),
    )
    const load = await offerLoad(crew, assignment, options, step)
    const { cut } = load
    if (cut !== null) await stopSending(crew)
    step('drain', 'waiting for what is still under way')
    const drain = await drainTrial(crew, assignment, options, cut !== null)
    step('collect', 'audit and histograms')
    const endUs = clock.nowUs() - load.epochUs
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
      clockBoundUs,
      drain,
      endUs,
      interrupted,
      brokerFigures,
      faults: load.faults,
    }
  } finally {
    await crew.end()
  }
}

function either(...signals: AbortSignal[]): AbortSignal {
  return AbortSignal.any(signals)
}

function limit(limitMs: number, ...signals: AbortSignal[]): AbortSignal {
  return AbortSignal.any([...signals, AbortSignal.timeout(limitMs)])
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

/** Turns a bare time-out into an error that says what was waited for. */
async function naming<T>(what: string, limitMs: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error
    throw new AppError('PREPARE', `${what} took longer than ${limitMs / 1000} s`, {
      cause: error,
      hint: 'see the log of the broker and bench.log in the folder of the experiment',
    })
  }
}

/** Starts the schedule and waits until measure ends; `cut` says why it was cut short, or is null. */
async function offerLoad(
  crew: Crew,
  { topics }: Assignment,
  options: TrialOptions,
  step: (name: Step, detail: string) => void,
): Promise<{ epochUs: number; cut: string | null; faults: readonly FaultRecord[] }> {
  const { workload, clock, faultTargets: targets = { broker: null, network: null } } = options
  const { network } = targets
  const signal = either(options.signal, crew.death, ...(network === null ? [] : [network.death]))
  const warmupUs = Math.round(workload.warmupS * 1e6)
  const measureUs = Math.round(workload.durationS * 1e6)
  const restMs = TRIAL_LIMITS.drainMs + (workload.faults === undefined ? 0 : RECOVER_LIMIT_MS)
  const boundariesUs = intervalBoundaries(warmupUs, measureUs, restMs * 1000)
  const epochUs = clock.nowUs() + TRIAL_LIMITS.startLeadMs * 1000
  const sleepUntil = (elapsedUs: number) => clock.sleep((epochUs + elapsedUs - clock.nowUs()) / 1000, signal)
  const workerPids = crew.members.map(({ handle }) => handle.pid)
  let measuring = false
  let faults: TrialFaults | undefined
  const endMeasure = () => {
    if (measuring) options.onMeasure('end', workerPids)
    measuring = false
  }
  try {
    await naming('starting the schedule', TRIAL_LIMITS.startMs, () =>
      crew.askAll('start', () => ({ epochUs, boundariesUs }), {
        signal: limit(TRIAL_LIMITS.startMs, signal),
      }),
    )
    const say = (line: string) => step('measure', line)
    faults = armFaults(crew, topics[0]!.name, epochUs, { ...options, targets, say, signal })
    if (workload.warmupS > 0) step('warm-up', `${workload.warmupS} s`)
    await sleepUntil(warmupUs)
    measuring = true
    options.onMeasure('begin', workerPids)
    step('measure', `${workload.durationS} s`)
    await sleepUntil(warmupUs + measureUs)
    endMeasure()
    // What is under way at the end needs its broker back.
    return { epochUs, cut: null, faults: await faults.over() }
  } catch (error) {
    const records = (await faults?.cut()) ?? []
    if (!signal.aborted) throw error
    return { epochUs, cut: messageOf(signal.reason), faults: records }
  } finally {
    endMeasure()
  }
}

/** A worker that cannot answer is dead or will be told by the limits of `finish`. */
async function stopSending(crew: Crew): Promise<void> {
  const signal = AbortSignal.timeout(TRIAL_LIMITS.shortDrainMs)
  await Promise.allSettled(
    crew.members
      .filter((member) => member.role === 'producer')
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

async function progressOf(crew: Crew): Promise<WorkerProgress[]> {
  const within = AbortSignal.timeout(5_000)
  const answers = await Promise.allSettled(
    crew.members.map((member) => member.handle.ask('progress', null, within)),
  )
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

async function collect(crew: Crew, endUs: number): Promise<(EngineReport | string)[]> {
  // Producers first: what they settle as unknown may still arrive while consumers are open.
  const reports = new Map<CrewMember, EngineReport | string>()
  for (const role of ['producer', 'consumer'] as const) {
    // A time of its own: a producer that hangs must not cost the consumers' reports.
    const signal = AbortSignal.timeout(TRIAL_LIMITS.finishMs)
    await Promise.all(
      crew.members
        .filter((member) => member.role === role)
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
