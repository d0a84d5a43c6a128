import { readFileSync } from 'node:fs'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { RateSchedule, RateShape, TraceShape } from '../workload/rate-schedule.ts'
import { type Trace, traceOrThrow } from '../workload/trace.ts'
import { type Arrivals, EVEN_ARRIVALS, poissonArrivals } from './arrivals.ts'
import { type RateProfile, type RateSegment, rateProfile } from './rate-profile.ts'
import { constantSchedule, type Schedule, type Share } from './schedule.ts'

/** What a schedule is made of. Times are microseconds from the epoch. */
export interface ScheduleSpec {
  readonly rateHz: number
  /** Default: evenly at `rateHz`. */
  readonly schedule?: RateSchedule
  readonly warmupUs: number
  readonly measureUs: number
  readonly seed: number
}

/** The schedules of one trial, in one process. */
export interface Schedules {
  /** What one producer sends. */
  share(share: Share): Schedule
  /**
   * The same with another length of warm-up or measure. Shorter ones are beginnings of the longer: no message due before
   * the changed instant moves. Never longer than those that this was made for.
   */
  retimed(warmupUs: number, measureUs: number): Schedules
}

/**
 * All messages' instants follow from the spec alone, so their total is known before the start and every process finds
 * the same. @throws AppError('CONFIG') when a trace cannot be read, or is not the one that was planned with.
 */
export function createSchedules(spec: ScheduleSpec): Schedules {
  const { schedule } = spec
  if (schedule === undefined) return constantSchedules(spec)
  const trace = schedule.shape?.kind === 'trace' ? readTrace(schedule.shape) : null
  const segments = measureSegments(schedule.shape, trace, spec)
  const profileOf = (warmupUs: number, measureUs: number) =>
    rateProfile(
      [{ durationUs: warmupUs, ...level(schedule.shape?.warmupRateHz ?? spec.rateHz) }, ...segments],
      warmupUs + measureUs,
    )
  const longest = profileOf(spec.warmupUs, spec.measureUs)
  const arrivals = schedule.arrivals === 'poisson' ? poissonArrivals(longest.total, spec.seed) : EVEN_ARRIVALS
  const made = (warmupUs: number, measureUs: number): Schedules => {
    const profile = profileOf(warmupUs, measureUs)
    const whole =
      trace?.kind === 'instants'
        ? recordedSchedule(profile, trace.instantsUs, warmupUs, warmupUs + measureUs)
        : profiledSchedule(profile, arrivals)
    const remembered = rememberingDue(whole)
    return { share: (share) => sharedSchedule(remembered, share), retimed: made }
  }
  return made(spec.warmupUs, spec.measureUs)
}

function constantSchedules({ rateHz, warmupUs, measureUs }: ScheduleSpec): Schedules {
  return {
    share: (share) => constantSchedule({ rateHz, durationUs: warmupUs + measureUs, share }),
    retimed: (warmup, measure) =>
      constantSchedules({ rateHz, warmupUs: warmup, measureUs: measure, seed: 0 }),
  }
}

const level = (rateHz: number) => ({ fromHz: rateHz, toHz: rateHz })

function measureSegments(
  shape: RateShape | null,
  trace: Trace | null,
  { rateHz, measureUs }: ScheduleSpec,
): readonly RateSegment[] {
  if (shape === null) return [{ durationUs: measureUs, ...level(rateHz) }]
  if (shape.kind === 'stages') {
    return shape.stages.map(({ fromHz, toHz, durationS }) => ({ durationUs: durationS * 1e6, fromHz, toHz }))
  }
  return trace?.kind === 'counts' ? segmentsOf(trace) : []
}

function segmentsOf(trace: Trace & { readonly kind: 'counts' }): RateSegment[] {
  const { startsUs, counts, durationUs } = trace
  return Array.from(counts, (count, i) => {
    const ownUs = (startsUs[i + 1] ?? durationUs) - startsUs[i]!
    return { durationUs: ownUs, ...level(ownUs === 0 ? 0 : (count * 1e6) / ownUs) }
  })
}

/** Arrivals along a profile, of all producers together. */
export function profiledSchedule(profile: RateProfile, arrivals: Arrivals): Schedule {
  const instantUs = (k: number) => profile.instantUs(arrivals.at(k))
  let totalCount = arrivals.countBefore(profile.total)
  while (totalCount > 0 && instantUs(totalCount - 1) >= profile.durationUs) totalCount--
  return {
    totalCount,
    instantUs,
    dueCount(elapsedUs) {
      if (elapsedUs < 0) return 0
      let count = Math.min(totalCount, arrivals.countBefore(profile.positionAt(elapsedUs)))
      // The position may be off where it was rounded: the instants decide.
      while (count < totalCount && instantUs(count) <= elapsedUs) count++
      while (count > 0 && instantUs(count - 1) > elapsedUs) count--
      return count
    },
  }
}

/** Evenly in warm-up, then the recorded instants up to the end. */
function recordedSchedule(
  warmup: RateProfile,
  instantsUs: Float64Array,
  warmupUs: number,
  endUs: number,
): Schedule {
  const even = profiledSchedule(warmup, EVEN_ARRIVALS)
  const first = even.totalCount
  const recorded = countNotAfter(instantsUs, endUs - warmupUs - 1)
  return {
    totalCount: first + recorded,
    instantUs: (k) => (k < first ? even.instantUs(k) : warmupUs + instantsUs[k - first]!),
    dueCount: (elapsedUs) =>
      elapsedUs < warmupUs
        ? even.dueCount(elapsedUs)
        : first + Math.min(recorded, countNotAfter(instantsUs, elapsedUs - warmupUs)),
  }
}

/** How many of the ascending values are not above the limit. */
function countNotAfter(values: Float64Array, limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low
}

/** All producers of a process ask for the same instant, one after another. */
function rememberingDue(whole: Schedule): Schedule {
  let lastUs = Number.NaN
  let lastCount = 0
  return {
    ...whole,
    dueCount(elapsedUs) {
      if (elapsedUs !== lastUs) {
        lastCount = whole.dueCount(elapsedUs)
        lastUs = elapsedUs
      }
      return lastCount
    },
  }
}

/** The messages `index`, `index + of`, … of a whole schedule. */
function sharedSchedule(whole: Schedule, { index, of }: Share): Schedule {
  const ownOf = (count: number) => (count > index ? Math.floor((count - index - 1) / of) + 1 : 0)
  return {
    totalCount: ownOf(whole.totalCount),
    instantUs: (own) => whole.instantUs(index + own * of),
    dueCount: (elapsedUs) => ownOf(whole.dueCount(elapsedUs)),
  }
}

function readTrace({ path, sha256 }: TraceShape): Trace {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('CONFIG', `cannot read the trace ${path}: ${messageOf(cause)}`, { cause })
  }
  if (traceDigest(text) !== sha256) {
    throw new AppError('CONFIG', `expected the trace ${path} as it was planned with, got another one`, {
      hint: 'do not change it during a run',
    })
  }
  return traceOrThrow(text, path)
}

function traceDigest(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex')
}
