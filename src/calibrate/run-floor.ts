import type { Clock } from '../clock/clock.ts'
import { messageOf } from '../errors/app-error.ts'
import type { NoiseFloor } from '../result/floor.ts'
import { calibrateQuickly } from './calibrate.ts'
import { floorOf, thisMachine, unusableReason } from './calibration.ts'
import { findCalibration, storeCalibration } from './store.ts'

/** A machine so busy that it takes longer has no floor that is worth waiting for. */
const QUICK_LIMIT_MS = 60_000

export interface RunFloorOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told what is done and why a floor is missing. */
  readonly tell: (line: string) => void
  /** Measure one when none holds for this machine. */
  readonly mayMeasure: boolean
}

/**
 * The noise floor for a run: of the calibration that is kept, else measured now within seconds and kept. Null when it is
 * not known; that never keeps a run from going on.
 */
export async function runFloor(options: RunFloorOptions): Promise<NoiseFloor | null> {
  const { clock, tell } = options
  const found = await findCalibration(thisMachine(), clock.wallMs())
  if (found !== null && found.stale === null) return floorOf(found.calibration, null)
  const stale = found === null ? null : `the calibration that is kept does not hold: ${found.stale}`
  if (options.mayMeasure) {
    tell(
      `${stale ?? 'this machine was never calibrated'}; measuring its noise floor now, a few seconds, once`,
    )
    return await measureNow(options)
  }
  if (found === null) return null
  tell(`${stale}; make it anew: bench calibrate`)
  return floorOf(found.calibration, found.stale)
}

async function measureNow(options: RunFloorOptions): Promise<NoiseFloor | null> {
  const { tell } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(QUICK_LIMIT_MS)])
  try {
    const calibration = await calibrateQuickly({ ...options, signal })
    const unusable = unusableReason(calibration)
    if (unusable !== null) {
      tell(`no noise floor: ${unusable}`)
      return null
    }
    await storeCalibration(calibration).catch((error: unknown) => {
      tell(`the noise floor is not kept for later runs: ${messageOf(error)}`)
    })
    return floorOf(calibration, null)
  } catch (error) {
    // Who ends the run needs no reason of ours.
    if (!options.signal.aborted) tell(`no noise floor: ${messageOf(error)}`)
    return null
  }
}
