import type { ZodType } from 'zod'
import type { DriverModule } from '../driver/driver.ts'
import { AppError } from '../errors/app-error.ts'
import { echoEntry } from './echo/echo-entry.ts'
import { fakeEntry } from './fake/fake-entry.ts'
import { kafkaEntry } from './kafka/kafka-entry.ts'
import { nullEntry } from './null/null-entry.ts'
import { otlpEntry } from './otlp/otlp-entry.ts'
import { pulsarEntry } from './pulsar/pulsar-entry.ts'
import { rabbitmqEntry } from './rabbitmq/rabbitmq-entry.ts'

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
  /** Processes of the local broker, where it is known, and whether it tells who leads: what faults may aim at. */
  readonly localNodes?: { readonly single: number; readonly cluster: number; readonly tellsLeader?: true }
  /** Its servers tell clients further addresses of their own: nothing can be put before servers that are not ours. */
  readonly redirectsClients?: true
  /** What `servers` may hold beside `host:port`. */
  readonly serverUrls?: ServerUrls
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
  /** Only tests and proofs use it: never a default side, not in the published schemas. */
  readonly forTests?: true
}

/** Addresses in a system's own form, as people have them at hand. */
export interface ServerUrls {
  readonly form: RegExp
  /** For messages. */
  readonly example: string
  /**
   * `host:port` of each server that such an address (or a plain one) names, and top-level settings that it stands for
   * where the driver file does not have them.
   */
  read(text: string): {
    readonly servers: readonly string[]
    readonly config: Readonly<Record<string, unknown>>
  }
}

export interface OmbTranslation {
  readonly config: Readonly<Record<string, unknown>>
  readonly servers: readonly string[] | null
  readonly ignored: readonly string[]
}

/** Every driver there is, in the order in which a run without `--drivers` compares those with a local broker. */
export const DRIVERS: readonly DriverEntry[] = [
  kafkaEntry,
  rabbitmqEntry,
  pulsarEntry,
  otlpEntry,
  fakeEntry,
  nullEntry,
  echoEntry,
]

/** @throws AppError('CONFIG') for a name that no driver has. */
export function findDriver(name: string): DriverEntry {
  const entry = DRIVERS.find((candidate) => candidate.name === name)
  if (entry !== undefined) return entry
  const known = DRIVERS.filter((candidate) => !candidate.forTests)
    .map((candidate) => candidate.name)
    .join(', ')
  throw new AppError('CONFIG', `expected a driver, one of ${known}; got ${JSON.stringify(name)}`)
}
