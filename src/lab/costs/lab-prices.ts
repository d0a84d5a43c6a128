import { moneyFigure } from '../../result/money.ts'
import type { LabPrices, Price } from '../experiment/prices.ts'
import { sumsBy } from './cost-line.ts'
import { type Estimate, estimatePlan, estimateRecord, pricePerHour } from './estimate.ts'
import type { PriceTable } from './price-schema.ts'

/** Prices for the life of an experiment, by this table. */
export function labPrices(table: PriceTable): LabPrices {
  return {
    ofPlan: (config, hours) => {
      const { total, perHour } = estimatePlan(config, hours, table)
      return priceOf(total, perHour, table)
    },
    unknownOf: (config) => estimatePlan(config, 1, table).perHour.unknown,
    ofRecord: (record, nowMs) =>
      priceOf(estimateRecord(record, nowMs, table), pricePerHour(record, table), table),
  }
}

/** A part is no price: null when anything is unknown. */
function priceOf(total: Estimate, perHour: Estimate, table: PriceTable): Price | null {
  if (total.unknown.length > 0) return null
  const lines = (['service', 'role'] as const).flatMap((key) =>
    sumsBy(total.lines, key).map(({ name, usd }) => `${key} ${name}: $${moneyFigure(usd!)}`),
  )
  if (total.isBound)
    lines.push('where the typical price of a spot instance is not known, the highest is taken')
  const names = [...new Set(total.lines.flatMap(({ price }) => price?.source ?? []))]
  const days = names.flatMap((name) => {
    const source = table.sources[name]
    return source === undefined ? [] : [source.date ?? `no date (read ${source.read})`]
  })
  if (days.length > 0) lines.push(`prices of ${[...new Set(days)].toSorted().join(', ')}`)
  return { usd: total.totalUsd, usdPerHour: perHour.totalUsd, lines }
}
