import { MAX_RATES, UNBOUNDED_RATE_HZ } from './limits.ts'
import type { Workload } from './model.ts'

/** The rates that a workload offers, ascending; at least one. */
export function ratesOf({
  ratesHz,
  producerRateHz,
}: Pick<Workload, 'ratesHz' | 'producerRateHz'>): readonly number[] {
  return ratesHz ?? [producerRateHz]
}

/** The workload with these rates in the place of its own, or of a search; at least one. */
export function withRates(
  { ratesHz: _, search: __, ...workload }: Workload,
  rates: readonly number[],
): Workload {
  const ascending = rates.toSorted((a, b) => a - b)
  const producerRateHz = ascending.at(-1)!
  return ascending.length === 1
    ? { ...workload, producerRateHz }
    : { ...workload, producerRateHz, ratesHz: ascending }
}

/** Places of rates that were written before in the same list. */
export function repeatedRates(rates: readonly number[]): readonly number[] {
  return rates.flatMap((rate, index) => (rates.indexOf(rate) < index ? index : []))
}

/** Rates as typed, separated by commas; null when they are not whole, out of range, repeated or too many. */
export function parseRates(text: string): readonly number[] | null {
  const words = text.split(',').map((word) => word.trim())
  if (words.length > MAX_RATES || words.some((word) => !/^\d{1,8}$/.test(word))) return null
  const rates = words.map(Number)
  const inRange = rates.every((rate) => rate >= 1 && rate < UNBOUNDED_RATE_HZ)
  return inRange && repeatedRates(rates).length === 0 ? rates : null
}
