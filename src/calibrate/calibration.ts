import { z } from 'zod'
import packageJson from '../../package.json' with { type: 'json' }
import { FLOOR_LATENCIES, type NoiseFloor } from '../result/floor.ts'
import { describeHost } from '../run/host.ts'
import { PATHS } from './load.ts'

/** Raised when a field changes its meaning or goes; files of another version are not read. */
const SCHEMA_VERSION = 1

/** Older ones are told and made anew: machines change with what runs on them. */
export const MAX_AGE_DAYS = 30

const DAY_MS = 24 * 3600 * 1000

const machineSchema = z.object({
  cpuModel: z.string(),
  cpus: z.number().int(),
  kernel: z.string(),
  bun: z.string(),
  benchVersion: z.string(),
})

const figures = z.object({ p50: z.number(), p95: z.number(), p99: z.number(), p999: z.number() })
const stall = z.object({
  count: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  maxUs: z.number(),
  /** All of it, as in results: HDR V2, compressed, base64, µs. */
  hdr: z.string(),
})

const pathSchema = z.object({
  path: z.enum(PATHS),
  rateHz: z.number(),
  durationS: z.number(),
  messageBytes: z.number(),
  scheduled: z.number(),
  sent: z.number(),
  acknowledged: z.number(),
  delivered: z.number(),
  /** Shortest possible form of both verdicts of the trial. */
  measurement: z.enum(['valid', 'saturated', 'invalid']),
  integrity: z.enum(['intact', 'violated', 'unproven']),
  reasons: z.array(z.string()),
  /** Largest share of one core that a worker took over the whole measurement. */
  workerCoreShare: z.number(),
  /** µs. */
  latencies: z.record(z.enum(FLOOR_LATENCIES), figures),
})

const calibrationSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.enum(['quick', 'full']),
  measuredAt: z.string(),
  machine: machineSchema,
  /** Of the machine before it began. */
  loadAverage: z.number(),
  /** What a look at the clock costs, and the smallest step that it shows. */
  clock: z.object({ costNs: z.number(), resolutionNs: z.number() }),
  paths: z.array(pathSchema),
  /** Lateness of timers of 1 ms, alone and while garbage is made; null in a quick one. */
  eventLoop: z.object({ idle: stall, withGarbage: stall, fullCollectionMs: z.number() }).nullable(),
  /** The highest rate that one worker held on each path, messages a second; 0 = none that was tried. Null in a quick one. */
  highestRateHz: z.record(z.enum(PATHS), z.number()).nullable(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
})

/** Everything that `bench calibrate` found out; all latencies in µs. */
export type Calibration = Readonly<z.infer<typeof calibrationSchema>>
export type PathFigures = Readonly<z.infer<typeof pathSchema>>
export type Stalls = Readonly<z.infer<typeof stall>>
/** What a calibration holds for. */
export type Machine = Readonly<z.infer<typeof machineSchema>>
export type Check = Calibration['checks'][number]

export const newCalibration = (rest: Omit<Calibration, 'schemaVersion'>): Calibration => ({
  schemaVersion: SCHEMA_VERSION,
  ...rest,
})

/** Null for what is not a calibration of this form. */
export function parseCalibration(text: string): Calibration | null {
  try {
    return calibrationSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

export function thisMachine(): Machine {
  const { cpuModel, cpus, kernel, bun } = describeHost()
  return { cpuModel, cpus, kernel, bun, benchVersion: packageJson.version }
}

const FIELDS: Readonly<Record<keyof Machine, string>> = {
  cpuModel: 'processor',
  cpus: 'number of cores',
  kernel: 'kernel',
  bun: 'Bun version',
  benchVersion: 'bench version',
}

/** Why a calibration does not hold for this machine now; null when it does. */
export function staleReason(
  { machine, measuredAt }: Calibration,
  here: Machine,
  nowMs: number,
): string | null {
  const others = (Object.keys(FIELDS) as (keyof Machine)[]).filter((key) => machine[key] !== here[key])
  if (others.length > 0) {
    const what = others.map((key) => `${FIELDS[key]} ${machine[key]}, now ${here[key]}`)
    return `it was made with another ${what.join('; ')}`
  }
  const days = Math.floor((nowMs - Date.parse(measuredAt)) / DAY_MS)
  return days > MAX_AGE_DAYS ? `it is ${days} days old, at most ${MAX_AGE_DAYS} are relied on` : null
}

/** Why its figures are no floor of anything: the machine was too busy. Null when they are. */
export function unusableReason({ paths, loadAverage }: Calibration): string | null {
  const echo = paths.find(({ path }) => path === 'echo')
  if (echo?.measurement === 'valid' && echo.integrity === 'intact') return null
  const reasons = echo?.reasons.join('; ') ?? 'nothing was measured'
  return `${reasons} (load of the machine before: ${loadAverage.toFixed(2)})`
}

/** What a run needs of a calibration: the latencies of the echo path. */
export function floorOf(calibration: Calibration, stale: string | null): NoiseFloor | null {
  const echo = calibration.paths.find(({ path }) => path === 'echo')
  if (echo === undefined) return null
  const { measuredAt, kind } = calibration
  const { rateHz, messageBytes, latencies } = echo
  return { measuredAt, kind, rateHz, messageBytes, latencies, stale }
}
