import type { JudgedContest, SourceComparison } from '../../compare/comparison/index.ts'
import type { VerdictSection } from '../../compare/verdict-sections.ts'
import {
  block,
  colored,
  type Paint,
  printable,
  sectionLines,
  type TerminalOptions,
  wrap,
} from '../terminal.ts'
import { GRID_LEGEND, type Grid, gridOf } from './grid.ts'
import { gateLines, sourceLine } from './source-lines.ts'

const MIN_COLUMNS = 40

/** The comparison as lines without line ends: what must be known, verdicts, what to beware of, then the tables. */
export function renderComparison(comparison: SourceComparison, options: TerminalOptions): string[] {
  const paint: Paint = options.color === true ? colored : (text) => text
  const width = Math.max(MIN_COLUMNS, options.columns)
  const { by, headline, sources, contests, sections, notes } = comparison
  const shown = (parts: readonly VerdictSection[]) =>
    parts.flatMap((part) => sectionLines(part, width, paint))
  const heading = (title: string) => ['', ...wrap(title, width).map((line) => paint(line, 'strong'))]
  return [
    ...wrap(headline.first, width).map((line) => paint(paint(line, headline.tone), 'strong')),
    ...sources.flatMap((source) => wrap(sourceLine(source), width)),
    ...shown(part('Limits', gateLines(comparison))),
    ...contests.flatMap((contest) => {
      const parts = contestParts(contest)
      return parts.length === 0 ? [] : [...heading(contest.title), ...shown(parts)]
    }),
    '',
    ...shown([...sections, ...part('Beware', notes)]),
    ...contests.flatMap((contest) => [
      ...heading(contest.title),
      ...gridLines(gridOf(contest, by === 'source'), width, paint),
    ]),
    ...wrap(GRID_LEGEND, width),
  ]
}

function contestParts({ differences, settings, sections }: JudgedContest): readonly VerdictSection[] {
  return [
    ...part('NOT RANKED: the loads differ', differences),
    ...part('Set differently', settings),
    ...sections,
  ]
}

function part(title: string, lines: readonly string[]): readonly VerdictSection[] {
  return lines.length === 0 ? [] : [{ title, lines, fixedWidth: false }]
}

/** All columns beside one another where they fit, else each alone. */
function gridLines({ columns, groups }: Grid, width: number, paint: Paint): string[] {
  if (groups.length === 0) return []
  const labels = columns.map(({ label }) => printable(label))
  const all = labels.map((_, index) => index)
  const whole = block(labels, groups, all, paint)
  if (whole.every((line) => Bun.stringWidth(line) <= width)) return whole
  return all.flatMap((index) => block(labels, groups, [index], paint))
}
