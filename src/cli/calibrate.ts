import {
  CALIBRATION_RATE_HZ,
  type Calibration,
  calibrate,
  calibrationLines,
  storeCalibration,
  unusableReason,
} from '../calibrate/index.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { parseDuration } from '../workload/duration.ts'
import type { Output } from './output.ts'

const DEFAULT_DURATION = '60s'
const MIN_DURATION_S = 1
const MAX_DURATION_S = 600
const MAX_RATE_HZ = 1_000_000

export interface CalibrateOptions {
  readonly rate: string | undefined
  readonly duration: string | undefined
  readonly json: boolean
  readonly quiet: boolean
}

/**
 * `bench calibrate`: measures what bench itself costs on this machine, keeps it for later runs, and says whether the
 * generator keeps its schedule. Gives `EXIT.invalid` when it does not: what is measured here is not to be trusted.
 */
export async function runCalibrate(
  options: CalibrateOptions,
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const rateHz = rateOf(options.rate)
  const durationS = durationOf(options.duration)
  const tell = (line: string) => {
    if (!options.quiet) out.stderr(`measuring: ${line}`)
  }
  const calibration = await calibrate({ rateHz, durationS, clock: new SystemClock(), signal, tell })
  if (options.json) out.stdout(JSON.stringify(calibration))
  else for (const line of calibrationLines(calibration)) out.stdout(line)
  const unusable = unusableReason(calibration)
  if (unusable !== null) out.stderr(`not kept for later runs: ${unusable}`)
  else {
    const file = await stored(calibration)
    if (!options.quiet) out.stderr(`kept for later runs: ${file}`)
  }
  return calibration.checks.every(({ ok }) => ok) ? EXIT.ok : EXIT.invalid
}

async function stored(calibration: Calibration): Promise<string> {
  try {
    return await storeCalibration(calibration)
  } catch (error) {
    throw new AppError('STORAGE', `could not keep the calibration: ${messageOf(error)}`, { cause: error })
  }
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return CALIBRATION_RATE_HZ
  const rateHz = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (rateHz >= 1 && rateHz <= MAX_RATE_HZ) return rateHz
  const expected = `a whole number of messages a second from 1 to ${MAX_RATE_HZ}`
  throw new AppError('USAGE', `--rate: expected ${expected}, got ${JSON.stringify(text)}`)
}

function durationOf(text: string = DEFAULT_DURATION): number {
  const seconds = parseDuration(text)
  if (seconds !== null && seconds >= MIN_DURATION_S && seconds <= MAX_DURATION_S) return seconds
  const expected = `a duration from ${MIN_DURATION_S}s to ${MAX_DURATION_S}s`
  throw new AppError('USAGE', `--duration: expected ${expected}, got ${JSON.stringify(text)}`)
}
