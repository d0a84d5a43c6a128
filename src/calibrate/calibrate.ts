import type { Clock } from '../clock/clock.ts'
import { FLOOR_LATENCIES, FLOOR_QUANTILES, type FloorFigures, type FloorLatency } from '../result/floor.ts'
import type { TrialResult } from '../result/result.ts'
import { describeHost } from '../run/host.ts'
import { type Calibration, newCalibration, type PathFigures, thisMachine } from './calibration.ts'
import { accuracyChecks } from './checks.ts'
import { measureClock } from './clock-figures.ts'
import { measureEventLoop } from './event-loop.ts'
import { highestRate } from './highest-rate.ts'
import { type Load, MESSAGE_BYTES, measureLoad, PATHS, type PathName } from './load.ts'

/** Every length of time of a calibration; what of it there is depends on its kind. */
export const CALIBRATION_TIMES = {
  warmupS: 1,
  /** Of the echo path of a quick one. */
  quickS: 3,
  /** Of the null path, beside the echo path, which takes as long as was asked. */
  nullS: 5,
  eventLoopPartMs: 2_000,
  searchWarmupS: 0.5,
  searchS: 1.5,
  /** What was sent too fast is not waited for. */
  searchDrainMs: 1_000,
} as const

/** Load of a quick calibration, and of a full one that does not say otherwise. */
export const CALIBRATION_RATE_HZ = 20_000

export interface CalibrateOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told what is under way. */
  readonly tell: (line: string) => void
}

/** The noise floor alone, in about 6 s. @throws AppError when the machine cannot offer the load. */
export async function calibrateQuickly({ clock, signal }: CalibrateOptions): Promise<Calibration> {
  const before = describeHost()
  const load = { path: 'echo', rateHz: CALIBRATION_RATE_HZ, durationS: CALIBRATION_TIMES.quickS } as const
  const echo = await measurePath({ ...load, warmupS: CALIBRATION_TIMES.warmupS }, { clock, signal })
  return newCalibration({
    kind: 'quick',
    measuredAt: new Date(clock.wallMs()).toISOString(),
    machine: thisMachine(),
    loadAverage: before.loadAverage,
    clock: measureClock(clock),
    paths: [echo],
    eventLoop: null,
    highestRateHz: null,
    checks: [],
  })
}

/** All of it: about `durationS` and a minute and a half more. */
export async function calibrate(
  options: CalibrateOptions & { readonly rateHz: number; readonly durationS: number },
): Promise<Calibration> {
  const { clock, signal, tell, rateHz, durationS } = options
  const { loadAverage } = describeHost()
  const context = { clock, signal }
  tell('clock, timers and garbage collection')
  const clockFigures = measureClock(clock)
  const eventLoop = await measureEventLoop(CALIBRATION_TIMES.eventLoopPartMs, signal)
  const paths: PathFigures[] = []
  for (const path of PATHS) {
    const seconds = path === 'echo' ? durationS : Math.min(durationS, CALIBRATION_TIMES.nullS)
    tell(`${path} path, ${rateHz} msg/s for ${seconds} s`)
    const load = { path, rateHz, warmupS: CALIBRATION_TIMES.warmupS, durationS: seconds }
    paths.push(await measurePath(load, context))
  }
  const highestRateHz = {} as Record<PathName, number>
  for (const path of PATHS) {
    highestRateHz[path] = await highestRate(async (tryHz) => {
      const held = await holds({ path, rateHz: tryHz }, context)
      tell(`${path} path, ${tryHz} msg/s ${held ? 'held' : 'not held'}`)
      return held
    })
  }
  return newCalibration({
    kind: 'full',
    measuredAt: new Date(clock.wallMs()).toISOString(),
    machine: thisMachine(),
    loadAverage,
    clock: clockFigures,
    paths,
    eventLoop,
    highestRateHz,
    checks: accuracyChecks(paths),
  })
}

interface Context {
  readonly clock: Clock
  readonly signal: AbortSignal
}

async function holds(load: Pick<Load, 'path' | 'rateHz'>, context: Context): Promise<boolean> {
  const { verdict } = await measureLoad(
    {
      ...load,
      warmupS: CALIBRATION_TIMES.searchWarmupS,
      durationS: CALIBRATION_TIMES.searchS,
      drainMs: CALIBRATION_TIMES.searchDrainMs,
    },
    context,
  )
  context.signal.throwIfAborted()
  return verdict.measurement === 'valid'
}

async function measurePath(load: Load, context: Context): Promise<PathFigures> {
  const trial = await measureLoad(load, context)
  context.signal.throwIfAborted()
  return figuresOf(load, trial)
}

function figuresOf({ path, rateHz, durationS }: Load, trial: TrialResult): PathFigures {
  const { counts, delivered, latencies } = trial.phases.measure
  const { measurement, integrity, measurementReasons, integrityReasons } = trial.verdict
  const floors = FLOOR_LATENCIES.map((name): [FloorLatency, FloorFigures] => {
    const { summary } = latencies[name]
    const figures = FLOOR_QUANTILES.map((quantile) => [quantile, summary[quantile].us])
    return [name, Object.fromEntries(figures) as FloorFigures]
  })
  return {
    path,
    rateHz,
    durationS,
    messageBytes: MESSAGE_BYTES,
    scheduled: counts.scheduled,
    sent: counts.sent,
    acknowledged: counts.acknowledged,
    delivered,
    measurement,
    integrity,
    reasons: [...measurementReasons, ...integrityReasons],
    workerCoreShare: Math.max(...trial.workers.map(({ meanCoreShare }) => meanCoreShare)),
    latencies: Object.fromEntries(floors) as PathFigures['latencies'],
  }
}
