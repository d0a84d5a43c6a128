import type { DriverEntry, ServerUrls } from '../drivers/registry.ts'
import type { DriverFileOptions } from './driver-file.ts'
import { configError } from './problem.ts'
import { type JsonSchema, jsonSchemaOf, schemaAt, takesAnyKey } from './schema-text.ts'
import type { Override } from './side-token.ts'
import type { Locator } from './validate.ts'
import type { Path, YamlSource } from './yaml-source.ts'

/** Keys that say what the file is: another file is the way to change them. */
const FIXED_KEYS = ['name', 'driver', 'driverClass']

type Settings = Readonly<Record<string, unknown>>

/** A copy of the settings with client and overrides in their places. */
export function withOverrides(data: Settings, entry: DriverEntry, options: DriverFileOptions): Settings {
  const copy = structuredClone(data) as Record<string, unknown>
  if (options.client) copy.client = options.client
  const json = jsonSchemaOf(entry.configSchema)
  for (const override of options.overrides ?? []) {
    if (FIXED_KEYS.includes(override.key)) {
      const what = `expected a setting of the driver, got ${override.key}`
      throw configError([{ where: options.origin ?? 'override', what, hint: 'name another driver file' }])
    }
    place(copy, pathOf(override, json), valueFor(override, json, entry.serverUrls))
  }
  return copy
}

function place(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let map = root
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(map, part) ? map[part] : undefined
    const inner = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {}
    put(map, part, inner)
    map = inner as Record<string, unknown>
  }
  put(map, path.at(-1)!, value)
}

/** Assignment would treat `__proto__` as something else than a key. */
function put(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Dots part the path, until a map that takes any key: the rest is one key of it (`topicConfig.min.insync.replicas`). */
function pathOf({ key }: Override, json: JsonSchema): string[] {
  const parts = key.split('.')
  for (let depth = 1; depth < parts.length; depth++) {
    const schema = schemaAt(json, parts.slice(0, depth))
    if (schema !== undefined && takesAnyKey(schema))
      return [...parts.slice(0, depth), parts.slice(depth).join('.')]
  }
  return parts
}

/** A text where only texts are taken stays as written (`password=0123`); one server is a list of one. */
function valueFor(override: Override, json: JsonSchema, urls: ServerUrls | undefined): unknown {
  const { key, value, text } = override
  // A comma parts servers, and hosts of one URL.
  if (key === 'servers' && typeof value === 'string')
    return urls?.form.test(value) ? [value] : value.split(',').map((server) => server.trim())
  const wantsText = schemaAt(json, pathOf(override, json))?.type === 'string'
  return wantsText && (typeof value === 'number' || typeof value === 'boolean') ? text : value
}

/** Places of the file, except for what was overridden: that was written elsewhere. */
export function overrideLocator(yaml: YamlSource, options: DriverFileOptions, origin: string): Locator {
  const keys = (options.overrides ?? []).map(({ key }) => key)
  if (options.client) keys.push('client')
  const isOverridden = (path: Path) => {
    const dotted = path.filter((part) => typeof part !== 'number').join('.')
    return (
      dotted !== '' &&
      keys.some((key) => key === dotted || key.startsWith(`${dotted}.`) || dotted.startsWith(`${key}.`))
    )
  }
  return {
    whereIs: (path) => (isOverridden(path) ? origin : yaml.whereIs(path)),
    whereIsKey: (path, key) => (isOverridden([...path, key]) ? origin : yaml.whereIsKey(path, key)),
  }
}
