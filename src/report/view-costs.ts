import { differenceText, moneyFigure } from '../result/money.ts'
import type { Costs } from '../result/result.ts'
import type { WholeCostRow, WholeCosts } from '../result/whole-costs.ts'
import { utc } from './text.ts'

/** The sentence below the table of what each side cost. */
export function costNote(costs: Costs): string {
  return costs.billing === 'not billed'
    ? 'Money: not billed. Brokers and load ran on machines that bench neither rented nor was charged for.'
    : `Money: ${costs.billing}, in ${costs.currency}. A side costs what its own machines and the load generators do while it is under load.`
}

/** What the page shows of a cloud experiment's costs; null where the run belongs to none. Pure. */
export function wholeCostsView(costs: Costs) {
  if (costs.billing === 'not billed' || costs.whole === undefined) return null
  const { whole, currency } = costs
  return {
    title: `Experiment ${whole.experiment}, ${currency}`,
    time: `${utc(whole.from)} to ${whole.until === null ? 'now: it still stands' : utc(whole.until)}`,
    billState: whole.billState,
    groups: [
      { title: 'Service', rows: whole.services.map(rowView) },
      { title: 'Role', rows: whole.roles.map(rowView) },
      { title: 'In all', rows: [rowView({ name: 'the whole experiment', ...totals(whole) })] },
    ].filter(({ rows }) => rows.length > 0),
    perMillion: perMillionText(whole, currency),
    notes: whole.notes,
  }
}

function totals({ estimated, billed }: WholeCosts) {
  return { estimated, billed }
}

function rowView({ name, estimated, billed }: WholeCostRow) {
  return {
    name,
    estimated: estimated === null ? '–' : moneyFigure(estimated),
    billed: billed === null ? '–' : moneyFigure(billed),
    difference: billed === null || estimated === null ? '–' : differenceText(billed, estimated),
  }
}

function perMillionText({ perMillion }: WholeCosts, currency: string): string {
  const parts = (['published', 'delivered'] as const).flatMap((kind) => {
    const amount = perMillion[kind]
    return amount === null ? [] : `${moneyFigure(amount)} ${currency} a million messages ${kind}`
  })
  return parts.length === 0
    ? ''
    : `${parts.join(', ')}: the whole experiment, set-up and tear-down included, by the messages of all measured times.`
}
