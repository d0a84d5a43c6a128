import { differenceText, moneyFigure } from '../../result/money.ts'
import type { CostRow, CostsFile } from './costs-file.ts'
import { sourceText } from './summary.ts'

const HEAD = ['', 'estimated', 'billed', 'difference']
const DASH = '–'

/** What `bench cost` prints. Pure. */
export function costLines(costs: CostsFile): string[] {
  const { experiment, from, until, estimate, bill, services, roles } = costs
  const total = {
    name: 'in all',
    estimatedUsd: estimate.totalUsd,
    billedUsd: bill.totalUsd,
  }
  const groups = [
    ['Service', services],
    ['Role', roles],
    ['', [total]],
  ] as const
  const table = groups.flatMap(([title, rows]) => [
    ...(title === '' ? [] : [[title, '', '', '']]),
    ...rows.map(cellsOf),
  ])
  return [
    `experiment ${experiment}, ${minute(from)} to ${until === null ? `now; it costs ${moneyFigure(estimate.perHourUsd)} USD an hour` : minute(until)}; US dollars`,
    `bill: ${bill.why}`,
    '',
    ...columns([HEAD, ...table]),
    '',
    ...sideLines(costs),
    ...messageLines(costs),
    ...tagLines(costs),
    ...costs.notes.map((note) => `note: ${note}`),
    ...costs.prices.map((source) => `prices ${sourceText(source)}`),
  ]
}

function cellsOf({ name, estimatedUsd, billedUsd }: Pick<CostRow, 'name' | 'estimatedUsd' | 'billedUsd'>) {
  const both = estimatedUsd !== null && billedUsd !== null
  return [
    `  ${name}`,
    estimatedUsd === null ? DASH : moneyFigure(estimatedUsd),
    billedUsd === null ? DASH : moneyFigure(billedUsd),
    both ? differenceText(billedUsd, estimatedUsd) : DASH,
  ]
}

function sideLines({ sides }: CostsFile): string[] {
  if (sides.length === 0) return []
  const rows = sides.map(
    ({ run, side, billing, perHourUsd, perMillionPublishedUsd, perMillionDeliveredUsd }) => [
      `  ${run} ${side}, ${billing}`,
      moneyFigure(perHourUsd),
      perMillionPublishedUsd === null ? DASH : moneyFigure(perMillionPublishedUsd),
      perMillionDeliveredUsd === null ? DASH : moneyFigure(perMillionDeliveredUsd),
    ],
  )
  return [...columns([['Side', 'an hour', 'a million published', 'a million delivered'], ...rows]), '']
}

function messageLines({ perMillion, messages }: CostsFile): string[] {
  const parts = [
    ['published', perMillion.publishedUsd, messages.published],
    ['delivered', perMillion.deliveredUsd, messages.delivered],
  ] as const
  return parts.flatMap(([kind, usd, count]) =>
    usd === null
      ? []
      : [
          `${moneyFigure(usd)} USD a million messages ${kind} (${perMillion.billing}; the whole experiment by ${count.toLocaleString('en-US')} messages)`,
        ],
  )
}

function tagLines({ tags }: CostsFile): string[] {
  return tags.flatMap(({ key, value, fromDay, untilDay, totalUsd, rows }) => [
    `tag ${key}${value === null ? '' : `=${value}`} from ${fromDay} until before ${untilDay}: ${moneyFigure(totalUsd)} USD`,
    ...columns(rows.map((row) => [`  ${row.value}: ${row.service}`, moneyFigure(row.usd)])),
  ])
}

/** The first column to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
}

function minute(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
