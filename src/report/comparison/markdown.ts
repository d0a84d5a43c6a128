import type { JudgedContest, SourceComparison } from '../../compare/comparison/index.ts'
import type { VerdictSection } from '../../compare/verdict-sections.ts'
import { markdownPre, markdownText } from '../markdown.ts'
import { GRID_LEGEND, type Grid, gridOf } from './grid.ts'
import { gateLines, sourceLine } from './source-lines.ts'

/** GitHub takes comments of 65,536 characters; what is cut is said. */
export const MARKDOWN_LIMIT = 60_000

/**
 * The comparison for a comment on a pull request: verdict first, tables folded away. Names of others are text here: they
 * make no link, no mention and no HTML. Pure.
 */
export function comparisonMarkdown(comparison: SourceComparison): string {
  const { headline, sources, contests, sections, notes } = comparison
  const marks = { good: '✅', notice: '⚠️', bad: '❌' } as const
  const head = [
    `### ${marks[headline.tone]} bench compare`,
    '',
    `**${markdownText(headline.first)}**`,
    '',
    ...bullets(sources.map(sourceLine)),
    ...titled('Limits', gateLines(comparison)),
    ...contests.flatMap(contestLines),
    ...sections.flatMap(sectionLines),
    ...titled('Beware', notes),
  ]
  const tables = contests.map((contest) => folded(contest, gridOf(contest, comparison.by === 'source')))
  return joined(head.join('\n'), tables)
}

/** As many tables as there is room for. */
function joined(head: string, tables: readonly string[]): string {
  const cut = '\n…\n\nToo long for one comment: the rest is cut off here.\n'
  if (head.length + cut.length > MARKDOWN_LIMIT) return `${head.slice(0, MARKDOWN_LIMIT - cut.length)}${cut}`
  let text = head
  let shown = 0
  for (const table of tables) {
    if (text.length + table.length > MARKDOWN_LIMIT - 500) break
    text += table
    shown++
  }
  const missing = tables.length - shown
  const note =
    missing === 0
      ? ''
      : `\n\n${missing} more ${missing === 1 ? 'table is' : 'tables are'} left out: too long for one comment.`
  return `${text}${note}\n\n<sub>${markdownText(GRID_LEGEND)}</sub>\n`
}

function contestLines({ title, differences, settings, sections }: JudgedContest): string[] {
  const said = [
    ...titled('NOT RANKED: the loads differ', differences),
    ...titled('Set differently', settings),
  ]
  if (said.length + sections.length === 0) return []
  return ['', `#### ${markdownText(title)}`, ...said, ...sections.flatMap(sectionLines)]
}

function sectionLines({ title, lines, fixedWidth }: VerdictSection): string[] {
  if (!fixedWidth) return titled(title, lines)
  return ['', `**${markdownText(title)}**`, '', markdownPre(lines)]
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `**${markdownText(title)}**`, '', ...bullets(lines)]
}

function bullets(lines: readonly string[]): string[] {
  return lines.map((line) => `- ${markdownText(line)}`)
}

function folded({ title }: JudgedContest, { columns, groups }: Grid): string {
  const row = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`
  return [
    '',
    '',
    `<details><summary>All figures: ${markdownText(title)}</summary>`,
    '',
    row(['figure', ...columns.map(({ label }) => label)]),
    `| --- |${columns.map(() => ' ---: |').join('')}`,
    ...groups.flatMap(({ rows }) =>
      rows.map(({ title: name, unit, cells }) =>
        row([unit === '' ? name : `${name}, ${unit}`, ...cells.map(cellText)]),
      ),
    ),
    '',
    '</details>',
  ].join('\n')
}

function cellText({ text, mark }: Grid['groups'][number]['rows'][number]['cells'][number]): string {
  if (mark === 'muted') return `(${text})`
  return mark === 'best' ? `${text} better` : mark === 'bad' ? `${text} WORSE` : text
}
