import type { ZodType } from 'zod'
import type { DriverModule } from '../driver/driver.ts'

/** A driver before its client library is loaded: enough to parse driver files and to plan. */
export interface DriverEntry {
  /** Name in driver files (`driver: kafka`). */
  readonly name: string
  /** Last parts of OMB's `driverClass` values that mean this driver. */
  readonly ombDriverClasses: readonly string[]
  /** Clients that `client:` (or `name:client` on the command line) may choose; the first is the default. */
  readonly clients: readonly string[]
  /** Name of the local broker that serves it when the driver file names no servers; null = none. */
  readonly localBroker: string | null
  /** The driver's part of a driver file: everything but `name`, `driver`, `driverClass` and `servers`. */
  readonly configSchema: ZodType
  /**
   * Translates the fields of OMB's driver file into ours. `config` is parsed by `configSchema` afterwards;
   * `ignored` names each field that has no meaning here, with the reason; `servers` when the file names some.
   */
  fromOmb(raw: Readonly<Record<string, unknown>>): OmbTranslation
  /** Top-level keys and dotted paths of `config` whose values are secrets. */
  readonly secretKeys: readonly string[]
  load(): Promise<DriverModule>
}

export interface OmbTranslation {
  readonly config: Readonly<Record<string, unknown>>
  readonly servers: readonly string[] | null
  readonly ignored: readonly string[]
}

/** A system that is not supported yet: its driver files are recognised, and refused with that reason. */
export interface PlannedDriver {
  readonly name: string
  readonly ombDriverClasses: readonly string[]
}

/** Every driver there is, in the order in which a run without `--drivers` compares those with a local broker. */
export const DRIVERS: readonly DriverEntry[] = []

export const PLANNED_DRIVERS: readonly PlannedDriver[] = [
  { name: 'pulsar', ombDriverClasses: ['PulsarBenchmarkDriver'] },
]
