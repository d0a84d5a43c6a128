import { type SideSteps, stepRows } from '../compare/search/step-rows.ts'
import type { ExperimentResult } from '../result/result.ts'

const HEAD = ['', 'msg/s', 'to', '', 'acknowledged', 'publish p99', 'end-to-end p99', 'backlog'] as const

/** The steps of all searches for a terminal: a line each, and below it why it was refused. */
export function searchLines(
  result: Pick<ExperimentResult, 'sides'>,
  wrapped: (text: string, indent: number) => readonly string[],
  title: (text: string) => string,
): readonly string[] {
  return stepRows(result).flatMap((side) => [
    '',
    title(`Steps of the search: ${side.label}`),
    ...sideLines(side, wrapped),
  ])
}

function sideLines(
  { rows }: SideSteps,
  wrapped: (text: string, indent: number) => readonly string[],
): string[] {
  const cells = rows.map((row) => [
    `${row.number}`,
    row.rate,
    row.purpose,
    row.outcome,
    row.acknowledged,
    `${row.publishP99Ms} ms`,
    `${row.endToEndP99Ms} ms`,
    row.backlog,
  ])
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)))
  // Words to the left, numbers to the right.
  const isWord = (column: number) => column === 2 || column === 3
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (isWord(i) ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  const indent = widths[0]! + 2
  return [
    line(HEAD),
    ...cells.flatMap((row, i) => [
      line(row),
      ...rows[i]!.reasons.flatMap((reason) => wrapped(reason, indent)),
    ]),
  ]
}
