import { z } from 'zod'
import type { DriverEntry, OmbTranslation } from '../drivers/registry.ts'
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

/** `host:port`, an IPv6 address in brackets; behind one of the schemes where the driver knows some. */
function serverSchema(schemes: readonly string[]) {
  const names = schemes.map((scheme) => scheme.replace(/[+.]/g, '\\$&')).join('|')
  const prefix = schemes.length === 0 ? '' : `(?:(?:${names})://)?`
  const form = schemes.length === 0 ? 'host:port' : `host:port or ${schemes.join('|')}://host:port`
  return z
    .string()
    .regex(new RegExp(`^${prefix}(\\[[0-9a-fA-F:.]+\\]|[^\\s:/,@[\\]]+):\\d{1,5}$`), {
      error: `a server as ${form}`,
      abort: true,
    })
    .refine(
      (server) => isPort(Number(server.slice(server.lastIndexOf(':') + 1))),
      'expected a port from 1 to 65535',
    )
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

/** What every driver file of ours may say beside the driver's own settings. */
export function commonFieldsOf({ serverSchemes = [] }: Pick<DriverEntry, 'serverSchemes'>) {
  return {
    name: z.string().min(1).max(200).optional().describe('For people; sides are labelled by file name.'),
    driver: z.string().min(1).describe('The driver that reads the other settings.'),
    servers: z
      .array(serverSchema(serverSchemes))
      .min(1)
      .max(100)
      .optional()
      .describe('Servers as host:port; without them bench starts a local broker.'),
  }
}

const COMMON_KEYS = Object.keys(commonFieldsOf({}))
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
  const common = check(z.object(commonFieldsOf(entry)), data, locator)
  const config = checkConfig(entry, own, locator, { ...options, extraKeys: COMMON_KEYS })
  if ('problems' in common || 'problems' in config) {
    const problems = [common, config].flatMap((part) => ('problems' in part ? part.problems : []))
    throw configError(problems)
  }
  const servers = common.value.servers ?? null
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
  const checked = checkConfig(entry, rest, locator, options)
  const servers = check(z.object({ servers: commonFieldsOf(entry).servers }), { servers: given }, locator)
  if ('problems' in checked || 'problems' in servers) {
    const problems: Problem[] = [checked, servers].flatMap((part) =>
      'problems' in part ? part.problems : [],
    )
    throw configError(problems)
  }
  return {
    file: yaml.file,
    entry,
    config: checked.value,
    servers: servers.value.servers ?? null,
    settings: {
      ...settingsOf(entry, checked.value, servers.value.servers ?? null),
      omb: maskSecrets(yaml.data, entry.secretKeys),
    },
    ignored: [...translation.ignored.map(maskUris), ...checked.ignored],
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
