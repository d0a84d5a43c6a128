import type { Cell } from '../compare/cells.ts'
import { headlineOf } from '../compare/headline.ts'
import { atRatesFound } from '../compare/search/found-trials.ts'
import type { Tone } from '../compare/side-headline.ts'
import { compare } from '../compare/table.ts'
import { markdownLink, markdownPre, markdownText } from '../report/markdown.ts'
import type { ExperimentResult } from '../result/result.ts'
import { utcMinute } from './utc.ts'

/** Where a reader finds more: a text, and its address if there is one. */
export interface SummaryLink {
  readonly text: string
  readonly address: string | null
}

const SIGNS: Readonly<Record<Tone, string>> = { good: '✅', notice: '⚠️', bad: '❌' }
const CUT = '\n\n_Cut here: the rest stands in the report._\n'
/** Told before what may be cut off. */
const FIRST_GROUPS = ['Verdict', 'Objectives (slo)', 'Throughput', 'Publish latency', 'End-to-end latency']

/**
 * An experiment as Markdown for a GitHub job summary, at most `maxBytes` of UTF-8: verdict, where the report is, the table,
 * then what else there is to say, as far as it fits; empty where not even the verdict does. Pure.
 */
export function jobSummary(
  result: ExperimentResult,
  links: readonly SummaryLink[],
  maxBytes: number,
): string {
  const blocks = [verdictBlock(result), linkBlock(links), ...tableBlocks(result), reasonsBlock(result)]
  let text = ''
  for (const block of blocks.filter((each) => each !== '')) {
    const longer = `${text}${text === '' ? '' : '\n'}${block}\n`
    if (sizeOf(longer) > maxBytes - sizeOf(CUT)) return text === '' ? '' : text + CUT
    text = longer
  }
  return text
}

const sizeOf = (text: string): number => Buffer.byteLength(text)

function verdictBlock(result: ExperimentResult): string {
  const { tone, first, headToHead } = headlineOf(result)
  const sections = headToHead.flatMap(({ title, lines, fixedWidth }) => [
    `**${markdownText(title)}**`,
    '',
    fixedWidth ? markdownPre(lines) : lines.map((line) => `- ${markdownText(line)}`).join('\n'),
    '',
  ])
  return [
    `## ${SIGNS[tone]} ${markdownText(result.workload.name)}`,
    '',
    `**${markdownText(first)}**`,
    '',
    ...sections,
  ].join('\n')
}

function linkBlock(links: readonly SummaryLink[]): string {
  return links
    .map(({ text, address }) => (address === null ? markdownText(text) : markdownLink(text, address)))
    .map((line) => `${line}  \n`)
    .join('')
}

function tableBlocks(result: ExperimentResult): string[] {
  const { columns, groups, footnotes } = compare(atRatesFound(result))
  if (columns.length === 0) return []
  const head = ['', ...columns.map(({ label }) => markdownText(label))]
  const isFirst = ({ title }: { title: string }) => FIRST_GROUPS.includes(title)
  const table = (shown: typeof groups) => {
    const lines = shown.flatMap(({ title, rows }) => [
      cells([`**${markdownText(title)}**`, ...columns.map(() => '')]),
      ...rows.map((row) =>
        cells([
          markdownText(row.unit === '' ? row.title : `${row.title}, ${row.unit}`),
          ...row.cells.map(cellText),
        ]),
      ),
    ])
    return [cells(head), cells(['---', ...columns.map(() => '---:')]), ...lines].join('\n')
  }
  const rest = groups.filter((group) => !isFirst(group))
  return [
    table(groups.filter(isFirst)),
    footnotes.map((note) => `<sub>${markdownText(note)}</sub>  `).join('\n'),
    details('More figures', table(rest)),
  ]
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`
}

function cellText({ text, mark }: Cell): string {
  const shown = markdownText(text)
  if (mark === 'best') return `**${shown}** ✓`
  if (mark === 'bad') return `**${shown}** ❗`
  return mark === 'muted' ? `_(${shown})_` : shown
}

function reasonsBlock(result: ExperimentResult): string {
  const { sides } = headlineOf(result)
  const lines = sides.flatMap(({ label, verdict, sentence, reasons, tone }) => [
    `- ${SIGNS[tone]} **${markdownText(label)}** (${markdownText(verdict)}): ${markdownText(sentence)}`,
    ...reasons.map((reason) => `  - ${markdownText(reason)}`),
  ])
  const { host } = result
  const made = `${result.id}, ${utcMinute(result.startedAt)}, bench ${result.benchVersion}, ${host.cpus} × ${host.cpuModel}, ${host.os}`
  return [...lines, '', `<sub>${markdownText(made)}</sub>`].join('\n')
}

function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}
