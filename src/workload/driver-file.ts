import { z } from 'zod'
import type { DriverEntry, OmbTranslation, ServerUrls } from '../drivers/registry.ts'
import { messageOf } from '../errors/app-error.ts'
import { overrideLocator, withOverrides } from './overrides.ts'
import { configError, didYouMean, type Problem } from './problem.ts'
import { maskSecrets, maskText, maskUris } from './secrets.ts'
import type { Override } from './side-token.ts'
import { check, type Locator, shown, type ValidateOptions } from './validate.ts'
import { readYaml, type YamlSource } from './yaml-source.ts'

/** A driver file, checked by its driver's own schema. */
export interface DriverFile {
  readonly file: string
  readonly entry: DriverEntry
  /** The driver's own settings, parsed. */
  readonly config: unknown
  /** `host:port` of each server; null when the file names none. */
  readonly servers: readonly string[] | null
  /** The effective settings with secrets masked; of an OMB file its own fields too, under `omb`. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What was read and has no meaning here, with the reason. */
  readonly ignored: readonly string[]
}

export interface DriverFileOptions {
  readonly lenient?: boolean
  /** One of the driver's clients, instead of the file's. */
  readonly client?: string | null
  readonly overrides?: readonly Override[]
  /** Where client and overrides were written, for messages. */
  readonly origin?: string
}

/** Which driver a file is for, before anything else of it is looked at. */
export interface DriverOutline {
  readonly yaml: YamlSource
  readonly dialect: 'bench' | 'omb'
  /** Name of the driver, or the last part of OMB's `driverClass`. */
  readonly driver: string
}

/** `host:port`, an IPv6 address in brackets. */
const SERVER = /^(\[[0-9a-fA-F:.]+\]|[^\s:/,@[\]]+):\d{1,5}$/
const MAX_SERVERS = 100

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

/** An entry of `servers`: `host:port`, or a URL of the driver's own form. */
function serverSchema(urls: ServerUrls | undefined) {
  const form = urls === undefined ? SERVER : new RegExp(`${SERVER.source}|${urls.form.source}`)
  const error = `a server as host:port${urls === undefined ? '' : ` or ${urls.example}`}`
  const portsOf = (text: string) =>
    (urls?.read(text).servers ?? [text]).map((server) => Number(server.slice(server.lastIndexOf(':') + 1)))
  return z
    .string()
    .regex(form, { error, abort: true })
    .refine((text) => portsOf(text).every(isPort), 'expected a port from 1 to 65535')
}

/** What every driver file of ours may say beside the driver's own settings; `urls` are those of the driver. */
export function commonFields(urls?: ServerUrls) {
  return {
    name: z.string().min(1).max(200).optional().describe('For people; sides are labelled by file name.'),
    driver: z.string().min(1).describe('The driver that reads the other settings.'),
    servers: z
      .array(serverSchema(urls))
      .min(1)
      .max(MAX_SERVERS)
      .optional()
      .describe(
        `Servers as host:port${urls === undefined ? '' : ` or ${urls.example}`}; without them bench starts a local broker.`,
      ),
  }
}

const COMMON_KEYS = Object.keys(commonFields())
const ombCommon = z.object({ name: z.string().nullable().optional(), driverClass: z.string().min(1) })

/** Reads a file far enough to know its driver. Throws `AppError('CONFIG')`. */
export async function readDriverOutline(file: string): Promise<DriverOutline> {
  const yaml = await readYaml(file)
  const isOmb = Object.hasOwn(yaml.data, 'driverClass')
  if (isOmb && Object.hasOwn(yaml.data, 'driver')) {
    const what = 'expected driver or driverClass, got both'
    throw configError([{ where: yaml.whereIsKey([], 'driver'), what, hint: 'remove one of them' }])
  }
  if (!isOmb && !Object.hasOwn(yaml.data, 'driver')) {
    const what = "expected driver (or OMB's driverClass), got neither"
    throw configError([{ where: yaml.whereIs([]), what, hint: 'a driver file says which driver it is for' }])
  }
  if (!isOmb) return { yaml, dialect: 'bench', driver: String(yaml.data.driver) }
  const common = check(ombCommon, yaml.data, yaml)
  if ('problems' in common) throw configError(common.problems)
  return { yaml, dialect: 'omb', driver: common.value.driverClass.split(/[.$]/).at(-1)! }
}

/**
 * Reads a driver file, ours (`driver: name`) or OMB's (`driverClass: …`), with client and overrides of the command
 * line applied. Throws `AppError('CONFIG')` with every problem, each at its place.
 */
export async function readDriverFile(
  file: string,
  registry: readonly DriverEntry[],
  options: DriverFileOptions = {},
): Promise<DriverFile> {
  const outline = await readDriverOutline(file)
  const entry = entryOf(outline, registry)
  const origin = options.origin ?? 'override'
  if (options.client && !entry.clients.includes(options.client)) {
    const what = `expected a client of ${entry.name}, got ${JSON.stringify(options.client)}`
    throw configError([{ where: origin, what, hint: didYouMean(options.client, entry.clients) }])
  }
  return outline.dialect === 'omb'
    ? fromOmb(outline.yaml, entry, options, origin)
    : fromBench(outline.yaml, entry, options, origin)
}

function entryOf({ yaml, dialect, driver }: DriverOutline, registry: readonly DriverEntry[]): DriverEntry {
  const isOmb = dialect === 'omb'
  const matches = (entry: { readonly name: string; readonly ombDriverClasses: readonly string[] }) =>
    isOmb ? entry.ombDriverClasses.includes(driver) : entry.name === driver
  const entry = registry.find(matches)
  if (entry !== undefined) return entry
  const field = isOmb ? 'driverClass' : 'driver'
  const where = yaml.whereIs([field])
  const names = registry.filter(({ forTests }) => !forTests).map(({ name }) => name)
  const what = `expected ${field} of a supported system, got ${shown(yaml.data[field])}`
  throw configError([
    { where, what, hint: isOmb ? `supported: ${names.join(', ')}` : didYouMean(driver, names) },
  ])
}

function fromBench(
  yaml: YamlSource,
  entry: DriverEntry,
  options: DriverFileOptions,
  origin: string,
): DriverFile {
  const data = withOverrides(yaml.data, entry, options)
  const locator = overrideLocator(yaml, options, origin)
  const own = Object.fromEntries(Object.entries(data).filter(([key]) => !COMMON_KEYS.includes(key)))
  const common = check(z.object(commonFields(entry.serverUrls)), data, locator)
  const named = 'problems' in common ? NO_SERVERS : plainServers(entry, common.value.servers)
  const config = checkConfig(entry, { ...named.config, ...own }, locator, {
    ...options,
    extraKeys: COMMON_KEYS,
  })
  if ('problems' in common || 'problems' in config) {
    const problems = [common, config].flatMap((part) => ('problems' in part ? part.problems : []))
    throw configError(problems)
  }
  const { servers } = named
  return {
    file: yaml.file,
    entry,
    config: config.value,
    servers,
    settings: settingsOf(entry, config.value, servers),
    ignored: config.ignored,
  }
}

function fromOmb(
  yaml: YamlSource,
  entry: DriverEntry,
  options: DriverFileOptions,
  origin: string,
): DriverFile {
  const { name: _name, driverClass: _driverClass, ...own } = yaml.data
  let translation: OmbTranslation
  try {
    translation = entry.fromOmb(own)
  } catch (error) {
    throw configError([{ where: yaml.whereIs([]), what: maskText(messageOf(error)) }], error)
  }
  const { config: translated, servers: named } = translation
  const data = withOverrides({ ...translated, ...(named === null ? {} : { servers: named }) }, entry, options)
  const { servers: given, ...rest } = data
  const locator = overrideLocator(yaml, options, origin)
  const common = commonFields(entry.serverUrls)
  const checkedServers = check(z.object({ servers: common.servers }), { servers: given }, locator)
  const plain = 'problems' in checkedServers ? NO_SERVERS : plainServers(entry, checkedServers.value.servers)
  const checked = checkConfig(entry, { ...plain.config, ...rest }, locator, options)
  if ('problems' in checked || 'problems' in checkedServers) {
    const problems: Problem[] = [checked, checkedServers].flatMap((part) =>
      'problems' in part ? part.problems : [],
    )
    throw configError(problems)
  }
  const { servers } = plain
  return {
    file: yaml.file,
    entry,
    config: checked.value,
    servers,
    settings: {
      ...settingsOf(entry, checked.value, servers),
      omb: maskSecrets(yaml.data, entry.secretKeys),
    },
    ignored: [...translation.ignored.map(maskUris), ...checked.ignored],
  }
}

interface PlainServers {
  /** `host:port` of each; null when none is named. */
  readonly servers: readonly string[] | null
  /** Settings that the addresses stand for. */
  readonly config: Readonly<Record<string, unknown>>
}

const NO_SERVERS: PlainServers = { servers: null, config: {} }

function plainServers({ serverUrls }: DriverEntry, servers: readonly string[] | undefined): PlainServers {
  if (servers === undefined) return NO_SERVERS
  if (serverUrls === undefined) return { servers, config: {} }
  const read = servers.map((server) => serverUrls.read(server))
  return {
    servers: read.flatMap((each) => each.servers),
    config: Object.assign({}, ...read.map(({ config }) => config)),
  }
}

function checkConfig(
  entry: DriverEntry,
  data: Readonly<Record<string, unknown>>,
  locator: Locator,
  { lenient, extraKeys }: ValidateOptions,
) {
  return check(entry.configSchema, data, locator, {
    lenient: lenient ?? false,
    extraKeys: extraKeys ?? [],
    secretPaths: entry.secretKeys,
  })
}

function settingsOf(
  entry: DriverEntry,
  config: unknown,
  servers: readonly string[] | null,
): Record<string, unknown> {
  const own = maskSecrets(config, entry.secretKeys)
  return {
    driver: entry.name,
    ...(servers === null ? {} : { servers: servers.map(maskText) }),
    ...(typeof own === 'object' && own !== null ? own : {}),
  }
}
