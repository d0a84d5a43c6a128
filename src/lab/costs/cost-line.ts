import type { UnitPrice } from './unit-price.ts'

/** Names of services as Cost Explorer has them, so that estimate and bill stand in one row. */
export const SERVICES = {
  compute: 'Amazon Elastic Compute Cloud - Compute',
  /** Disks, and traffic of instances. */
  other: 'EC2 - Other',
  /** Public addresses. */
  network: 'Amazon Virtual Private Cloud',
  s3: 'Amazon Simple Storage Service',
} as const

/** So much of one thing, for one role. */
export interface CostLine {
  /** Tag Role. */
  readonly role: string
  readonly service: string
  readonly what: string
  readonly unit: string
  readonly quantity: number
  /** Of one unit; null when it is not known. */
  readonly price: UnitPrice | null
  /** Null when the price is not known. */
  readonly usd: number | null
  /** What to say when it is not. */
  readonly unknown: string
}

/** The line with its price. */
export function priced(
  line: Pick<CostLine, 'role' | 'service' | 'what' | 'unit' | 'quantity'>,
  price: UnitPrice | null,
  region: string,
): CostLine {
  const usd = price === null ? null : price.usd * line.quantity
  return { ...line, price, usd, unknown: `${line.what} in ${region}` }
}

/** Sums by service or by role, largest first; `usd` is null where nothing of it has a price. */
export function sumsBy(
  lines: readonly Pick<CostLine, 'role' | 'service' | 'usd'>[],
  key: 'role' | 'service',
): { readonly name: string; readonly usd: number | null }[] {
  const groups = Map.groupBy(lines, (line) => line[key])
  return [...groups]
    .map(([name, own]) => {
      const known = own.filter(({ usd }) => usd !== null)
      return { name, usd: known.length === 0 ? null : known.reduce((sum, { usd }) => sum + usd!, 0) }
    })
    .toSorted((a, b) => (b.usd ?? 0) - (a.usd ?? 0) || a.name.localeCompare(b.name))
}
