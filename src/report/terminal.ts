import type { Cell } from '../compare/cells.ts'
import { fairnessDifferences, fairnessOf } from '../compare/fairness.ts'
import { type Headline, headlineOf } from '../compare/headline.ts'
import type { RowGroup } from '../compare/rows.ts'
import { atRatesFound } from '../compare/search/found-trials.ts'
import type { Tone } from '../compare/side-headline.ts'
import { type Comparison, columnsOf, compare } from '../compare/table.ts'
import type { VerdictSection } from '../compare/verdict-sections.ts'
import type { ExperimentResult } from '../result/result.ts'
import { faultLines } from './faults.ts'
import { searchLines } from './search-lines.ts'

export interface TerminalOptions {
  /** Width that lines should keep to; a table that does not fit is printed side by side no longer, but one below the other. */
  readonly columns: number
  /** Colour and weight by control sequences; off unless the caller knows a terminal that takes them. */
  readonly color?: boolean
}

const GAP = 2
const INDENT = '  '
const MIN_COLUMNS = 40

/** The verdicts, then the same table as in the HTML report, as lines without line ends. */
export function renderTable(result: ExperimentResult, options: TerminalOptions): string[] {
  const paint = options.color === true ? colored : (text: string) => text
  const width = Math.max(MIN_COLUMNS, options.columns)
  const comparison = compare(atRatesFound(result))
  const wrapped = (text: string, indent: number) =>
    wrap(text, width - indent).map((line) => paint(' '.repeat(indent) + line, 'dim'))
  return [
    ...headlineLines(headlineOf(result), width, paint),
    ...searchLines(result, wrapped, (text) => paint(printable(text), 'strong')),
    '',
    ...tableLines(comparison, width, paint),
    ...faultSection(result, width, paint),
    ...notAlikeLines(result, width, paint),
    ...comparison.footnotes.flatMap((note) => wrap(note, width)),
  ]
}

function faultSection(result: ExperimentResult, width: number, paint: Paint): string[] {
  const lines = faultLines(columnsOf(result))
  return lines.length === 0 ? [] : sectionLines({ title: 'Faults', lines, fixedWidth: false }, width, paint)
}

function notAlikeLines(result: ExperimentResult, width: number, paint: Paint): string[] {
  const lines = fairnessDifferences(fairnessOf(result))
  return lines.length === 0
    ? []
    : sectionLines({ title: 'Not alike', lines, fixedWidth: false }, width, paint)
}

/** The verdicts alone, without the table. */
export function renderVerdict(result: ExperimentResult, options: TerminalOptions): string[] {
  const paint = options.color === true ? colored : (text: string) => text
  return headlineLines(headlineOf(result), Math.max(MIN_COLUMNS, options.columns), paint)
}

/** Colours a text, or leaves it. */
export type Paint = (text: string, style: Style) => string
type Style = Tone | 'strong' | 'dim'

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  good: [32, 39],
  notice: [33, 39],
  bad: [31, 39],
  strong: [1, 22],
  dim: [2, 22],
}

/** By control sequences. */
export const colored: Paint = (text, style) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`

function headlineLines({ tone, first, sides, headToHead }: Headline, width: number, paint: Paint): string[] {
  const lines = wrap(first, width).map((line) => paint(paint(line, tone), 'strong'))
  const [only, ...more] = headToHead
  if (more.length > 0) lines.push(...headToHead.flatMap((section) => sectionLines(section, width, paint)), '')
  for (const side of sides) {
    lines.push(
      ...wrap(`${side.label} (${side.verdict}): ${side.sentence}`, width).map((line) =>
        paint(line, side.tone),
      ),
    )
    for (const reason of side.reasons)
      lines.push(...wrap(`- ${reason}`, width - INDENT.length).map((line) => INDENT + line))
  }
  if (only !== undefined && more.length === 0) lines.push(...only.lines.flatMap((line) => wrap(line, width)))
  return lines
}

/** A part of the verdict, wrapped. */
export function sectionLines({ title, lines }: VerdictSection, width: number, paint: Paint): string[] {
  const inner = width - INDENT.length
  const body = lines.flatMap((line) => wrap(line, inner).map((part) => INDENT + part))
  return [paint(title, 'strong'), ...body]
}

/** All columns beside one another; where that is too wide those of each rate, and where that is, each alone. */
function tableLines({ columns, groups }: Comparison, width: number, paint: Paint): string[] {
  if (columns.length === 0) return []
  const labels = columns.map(({ label }) => printable(label))
  const linesOf = (shown: readonly number[]) => block(labels, groups, shown, paint)
  const fits = (lines: readonly string[]) => Math.max(...lines.map((line) => widthOf(line))) <= width
  const all = columns.map((_, index) => index)
  const whole = linesOf(all)
  if (all.length === 1 || fits(whole)) return whole
  const rates = [...new Set(columns.map(({ rateHz }) => rateHz))]
  return rates.flatMap((rateHz) => {
    const own = all.filter((index) => columns[index]!.rateHz === rateHz)
    const beside = linesOf(own)
    return fits(beside) ? [...beside, ''] : own.flatMap((index) => [...linesOf([index]), ''])
  })
}

/** Some columns of a table beside one another, whatever width they take. Labels without control characters. */
export function block(
  labels: readonly string[],
  groups: readonly RowGroup[],
  shown: readonly number[],
  paint: Paint,
): string[] {
  const rows = groups.flatMap((group) => group.rows)
  const title = ({ title: name, unit }: { title: string; unit: string }) =>
    name === '' ? unit : unit === '' ? name : `${name}, ${unit}`
  const titleWidth = Math.max(
    ...rows.map((row) => INDENT.length + widthOf(title(row))),
    ...groups.map((g) => widthOf(g.title)),
  )
  const widths = shown.map((index) =>
    Math.max(widthOf(labels[index]!), ...rows.map((row) => widthOf(cellText(row.cells[index]!)))),
  )
  const line = (name: string, cells: readonly string[]) =>
    (
      padEnd(name, titleWidth) + cells.map((cell, i) => ' '.repeat(GAP) + padStart(cell, widths[i]!)).join('')
    ).trimEnd()
  const lines = [
    paint(
      line(
        '',
        shown.map((index) => labels[index]!),
      ),
      'strong',
    ),
  ]
  for (const group of groups) {
    lines.push(paint(group.title, 'strong'))
    for (const row of group.rows) {
      const cells = shown.map((index, i) => paintCell(row.cells[index]!, widths[i]!, paint))
      lines.push(line(`${INDENT}${title(row)}`, cells))
    }
  }
  return lines
}

/** Marks are characters first, so that nothing depends on colour: `*` best, `( )` not ranked, `!` alarming. */
function cellText({ text, mark }: Cell): string {
  if (mark === 'best') return `${text} *`
  if (mark === 'bad') return `${text} !`
  return mark === 'muted' ? `(${text})` : text
}

function paintCell(cell: Cell, width: number, paint: Paint): string {
  const text = padStart(cellText(cell), width)
  if (cell.mark === null) return text
  return paint(text, cell.mark === 'best' ? 'good' : cell.mark === 'bad' ? 'bad' : 'dim')
}

/** Columns a text takes on a terminal; control sequences take none. */
function widthOf(text: string): number {
  return Bun.stringWidth(text)
}

const padEnd = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))
const padStart = (text: string, width: number) => ' '.repeat(Math.max(0, width - widthOf(text))) + text

/** A label may come from a file: no control character of it reaches the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}

/** Lines of at most `width` columns, without control characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of printable(text).split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && widthOf(longer) > width) {
      lines.push(current)
      current = word
    } else current = longer
  }
  return [...lines, current]
}
