import packageJson from '../../package.json' with { type: 'json' }
import type { Clock } from '../clock/clock.ts'
import { DRIVERS } from '../drivers/registry.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { ExperimentFolder } from '../result/experiment-folder.ts'
import type { NoiseFloor } from '../result/floor.ts'
import {
  type ExperimentResult,
  RESULT_SCHEMA_VERSION,
  type SideResult,
  type TestRunMark,
} from '../result/result.ts'
import type { SearchEnd } from '../result/search.ts'
import { writeResult } from '../result/store.ts'
import type { Plan } from '../workload/model.ts'
import { secretHider } from '../workload/secret-values.ts'
import type { Tell } from './events.ts'
import { describeHost } from './host.ts'
import { newOtherBrokers, type OtherBrokers } from './other-brokers.ts'
import { runSearches } from './search-sides.ts'
import { runSideTrial, type TrialOutcome } from './side.ts'
import { newSideBook, type SideBook } from './side-book.ts'
import { settleDisk, type TrialRunner } from './trial-runner.ts'

/** Ends of a search that answer what was asked. */
const SEARCH_ANSWERS: readonly SearchEnd[] = ['found', 'found at maximum', 'nothing held']

const UNFINISHED = 'the experiment has not ended yet'

export interface ExperimentOptions {
  readonly plan: Plan
  readonly experiment: ExperimentFolder
  /** The run of a test plan that this is. */
  readonly testRun?: TestRunMark
  /** Folder of all experiments. */
  readonly home: string
  /** The command line, secrets masked. */
  readonly command: readonly string[]
  readonly clock: Clock
  readonly tell: Tell
  readonly signal: AbortSignal
  readonly brokersDirectory: string
  /** Noise floor of this machine; null = not known. */
  readonly floor?: NoiseFloor | null
  /** Called after each trial with all trials so far. */
  readonly onTrial?: (soFar: ExperimentResult) => void
}

/**
 * Runs the trials in their planned order, one broker up at a time, and writes the result after each, so that nothing
 * measured is lost when a later one fails. Ctrl-C ends the trial under way and skips the rest; a side that cannot be
 * prepared does not end the others. The caller writes the result that is given back, and learns then when the disk is
 * full; what was written before stays until then.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { plan, clock, signal, tell } = options
  const startedAt = new Date(clock.wallMs()).toISOString()
  const books = plan.sides.map(newSideBook)
  const base = unchanging(options, startedAt)
  const hider = secretHider(plan.sides, DRIVERS)
  const snapshot = (sides: readonly SideResult[], partial: string | null): ExperimentResult =>
    hider.data({
      ...base,
      ...searchedTrials(plan, sides),
      endedAt: new Date(clock.wallMs()).toISOString(),
      sides,
      partial,
    })
  const soFar = () => {
    const sides = books.filter(({ begun }) => begun > 0).map((book) => book.result(UNFINISHED))
    return snapshot(sides, UNFINISHED)
  }
  const others = newOtherBrokers((line) => tell({ kind: 'log', side: 'this machine', line }))
  await writeResult(soFar(), options.home)
  if (isSeveral(plan)) tell({ kind: 'order', seed: plan.seed, ...orderOf(plan) })
  const onTrial = async (label: string) => {
    const known = soFar()
    options.onTrial?.(known)
    try {
      await writeResult(known, options.home)
    } catch (error) {
      tell({ kind: 'log', side: label, line: messageOf(error) })
    }
  }
  const run = plan.workload.search === undefined ? runPlannedTrials : runSearches
  await run({ ...options, others }, books, onTrial)
  const reason = signal.aborted ? messageOf(signal.reason) : UNFINISHED
  const sides = books.map((book) => book.result(reason))
  return snapshot(sides, partialReason(sides, plan.order.length / plan.sides.length, signal))
}

const runPlannedTrials: TrialRunner = async (options, books, onTrial) => {
  const { plan, signal } = options
  for (const [place, trial] of plan.order.entries()) {
    const book = books[trial.side]!
    if (book.givenUp) continue
    if (place > 0) await settleDisk(options, book.side.label)
    if (signal.aborted) break
    book.add(place, await runNext(options, book, place))
    await onTrial(book.side.label)
  }
}

async function runNext(
  options: ExperimentOptions & { readonly others: OtherBrokers },
  book: SideBook,
  place: number,
): Promise<TrialOutcome> {
  const { plan, tell } = options
  const { label } = book.side
  const { rateHz } = plan.order[place]!
  const places = plan.order.length
  const of = places / plan.sides.length
  const number = book.begun + 1
  tell({ kind: 'trial', side: label, number, of, place, places, rateHz })
  if (isSeveral(plan)) {
    const rate = plan.workload.ratesHz === undefined ? '' : ` at ${rateHz} msg/s`
    const detail = `${number} of ${of}${rate} (${place + 1} of ${places} in all)`
    tell({ kind: 'step', side: label, step: 'trial', detail })
  }
  // Every side meets the same payloads and keys in a round; the next round has others.
  const seed = (plan.seed + Math.floor((place * plan.repeat) / plan.order.length)) >>> 0
  return await runSideTrial({ ...options, side: book.side, rateHz, seed })
}

/** Whether any side has more than one trial. */
function isSeveral({ order, sides }: Plan): boolean {
  return order.length > sides.length
}

function orderOf({ order, sides, workload }: Plan) {
  const labels = order.map(({ side }) => sides[side]!.label)
  return { order: labels, ...(workload.ratesHz && { ratesHz: order.map(({ rateHz }) => rateHz) }) }
}

/** Nobody knows the steps of a search beforehand: what was run stands in the place of what was planned. */
function searchedTrials({ workload, seed }: Plan, sides: readonly SideResult[]) {
  if (workload.search === undefined) return {}
  const steps = sides.flatMap(({ label, search }) =>
    (search?.steps ?? []).map((step) => ({ label, ...step })),
  )
  steps.sort((a, b) => a.place - b.place)
  const order = steps.map(({ label }) => label)
  return { trialPlan: { perSide: 1, seed, order, ratesHz: steps.map(({ rateHz }) => rateHz) } }
}

function unchanging({ plan, experiment, command, testRun, floor }: ExperimentOptions, startedAt: string) {
  return {
    schemaVersion: RESULT_SCHEMA_VERSION,
    id: experiment.id,
    startedAt,
    benchVersion: packageJson.version,
    command,
    host: describeHost(),
    workload: plan.workload,
    workloadSource: plan.workloadSource,
    workers: plan.workers,
    ...(testRun && { testRun }),
    trialPlan: { perSide: plan.repeat, seed: plan.seed, ...orderOf(plan) },
    ...(plan.strict ? { strict: true } : {}),
    notes: plan.notes,
    costs: { billing: 'not billed' },
    ...(floor && { floor }),
  } as const
}

function partialReason(sides: readonly SideResult[], perSide: number, signal: AbortSignal): string | null {
  if (signal.aborted) return signal.reason instanceof AppError ? signal.reason.message : 'interrupted'
  const labels = (test: (side: SideResult) => boolean) =>
    sides
      .filter(test)
      .map(({ label }) => label)
      .join(', ')
  const missing = labels(({ trials }) => trials.length === 0)
  if (missing !== '') return `no trial of ${missing}`
  const fewer = labels(({ trials }) => trials.length < perSide)
  if (fewer !== '') return `not all ${perSide} trials of ${fewer}`
  const unended = labels(({ search }) => search !== undefined && !SEARCH_ANSWERS.includes(search.end))
  if (unended !== '') return `the search of ${unended} did not come to an end`
  const cut = labels(
    ({ trials, search }) => search === undefined && trials.some((trial) => trial.interrupted !== null),
  )
  return cut === '' ? null : `a trial of ${cut} was cut short`
}
