import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { validate } from '../../workload/validate.ts'
import { readYaml } from '../../workload/yaml-source.ts'
import { type PriceTable, priceTableSchema, type RegionPrices } from './price-schema.ts'
import shipped from './prices.json' with { type: 'json' }

/** Beside infrastructure.yaml: prices of your own. */
export const PRICES_FILE = 'prices.yaml'

/** The table that bench ships. */
export const SHIPPED_PRICES = shipped as unknown as PriceTable

export interface PriceFiles {
  /** As given with `--prices`; null: none. */
  readonly file: string | null
  /** infrastructure.yaml, beside which `prices.yaml` may lie; null: none. */
  readonly configFile: string | null
}

/**
 * The shipped table, with your own over it: `--prices FILE`, else `prices.yaml` beside the configuration where there is
 * one. Throws `AppError('CONFIG')` with every problem of that file.
 */
export async function readPrices({ file, configFile }: PriceFiles): Promise<PriceTable> {
  const own = file ?? (configFile === null ? null : await fileBeside(configFile))
  if (own === null) return SHIPPED_PRICES
  const yaml = await readYaml(own)
  return mergedPrices(SHIPPED_PRICES, validate(priceTableSchema, yaml.data, yaml).value)
}

/** A table in which `own` goes over `base`, figure by figure. Pure. */
export function mergedPrices(base: PriceTable, own: PriceTable): PriceTable {
  const renamed = ownSources(base, own)
  const regions = { ...base.regions }
  for (const [name, prices] of Object.entries(renamed.regions)) {
    const older = regions[name]
    regions[name] = older === undefined ? prices : mergedRegion(older, prices)
  }
  return { ...base, sources: { ...base.sources, ...renamed.sources }, regions }
}

function mergedRegion(older: RegionPrices, own: RegionPrices): RegionPrices {
  return {
    ...older,
    ...own,
    onDemand: [...(older.onDemand ?? []), ...(own.onDemand ?? [])],
    spot: [...(older.spot ?? []), ...(own.spot ?? [])],
    disks: { ...older.disks, ...own.disks },
  }
}

/** A source of yours that has a shipped one's name stays yours: the shipped figures keep their own. */
function ownSources(base: PriceTable, own: PriceTable): PriceTable {
  const taken = Object.keys(own.sources).filter((name) => Object.hasOwn(base.sources, name))
  if (taken.length === 0) return own
  const nameOf = (name: string) => (taken.includes(name) ? `${name} (yours)` : name)
  const renamed = JSON.parse(JSON.stringify(own.regions), (key, value) =>
    key === 'source' ? nameOf(value as string) : value,
  )
  const sources = Object.fromEntries(
    Object.entries(own.sources).map(([name, source]) => [nameOf(name), source]),
  )
  return { ...own, sources, regions: renamed }
}

async function fileBeside(configFile: string): Promise<string | null> {
  const path = join(dirname(configFile), PRICES_FILE)
  return stat(path).then(
    (entry) => (entry.isFile() ? path : null),
    () => null,
  )
}
