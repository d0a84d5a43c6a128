import type { ExperimentResult, SideResult } from '../result/result.ts'
import { fairnessOf, fairnessText } from './fairness.ts'

export interface SettingRow {
  readonly name: string
  /** One a side; null where the side has no such setting. */
  readonly values: readonly (string | null)[]
  /** At least two sides have it, with values that differ. */
  readonly differs: boolean
}

export interface SettingGroup {
  readonly title: string
  readonly rows: readonly SettingRow[]
}

/** Everything that makes the sides comparable or not: the fairness table, then the settings behind it. Pure. */
export function settingsTable(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly SettingGroup[] {
  const groups: readonly (readonly [string, (side: SideResult) => Readonly<Record<string, string>>])[] = [
    ['Server', serverOf],
    ['Server settings', (side) => side.trials[0]?.server.settings ?? {}],
    ['Driver file', driverFileOf],
  ]
  return [fairnessGroup(result)]
    .concat(groups.map(([title, read]) => ({ title, rows: rowsOf(result.sides.map(read)) })))
    .filter((group) => group.rows.length > 0)
}

function fairnessGroup(result: Pick<ExperimentResult, 'sides' | 'workload'>): SettingGroup {
  const table = fairnessOf(result)
  const rows = table.rows.map((row) => ({
    name: row.name,
    values: table.sides.map(({ wasRun }, i) => (wasRun ? fairnessText(table, row, i) : null)),
    differs: row.differs,
  }))
  return { title: 'What each side promised', rows }
}

function rowsOf(sides: readonly Readonly<Record<string, string>>[]): SettingRow[] {
  const names = new Set(sides.flatMap((settings) => Object.keys(settings)))
  return [...names].map((name) => {
    const values = sides.map((settings) => (Object.hasOwn(settings, name) ? settings[name]! : null))
    return { name, values, differs: differ(values) }
  })
}

function differ(values: readonly (string | null)[]): boolean {
  return new Set(values.filter((value) => value !== null)).size > 1
}

/** Name and driver stand above the table already. */
function driverFileOf({ settings }: SideResult): Record<string, string> {
  const { name: _name, driver: _driver, ...others } = settings
  return flatten(others)
}

function serverOf({ trials, driver }: SideResult): Record<string, string> {
  const server = trials[0]?.server
  if (server === undefined) return { driver }
  return {
    driver,
    runtime: server.runtime,
    addresses: server.addresses.join(', '),
  }
}

/** Nested settings as dotted names; arrays and empty objects as JSON. */
export function flatten(settings: Readonly<Record<string, unknown>>, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [key, value] of Object.entries(settings)) {
    const name = `${prefix}${key}`
    const nested =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    if (nested) Object.assign(flat, flatten(value as Record<string, unknown>, `${name}.`))
    else flat[name] = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  }
  return flat
}
