import type { JudgedContest, SourceComparison } from '../../compare/comparison/index.ts'
import { ASSETS } from '../assets.ts'
import { TEMPLATES } from '../templates.ts'
import { GRID_LEGEND, gridOf } from './grid.ts'
import { gateFootnotes, gateLine, gatesByGravity, sourceLine } from './source-lines.ts'

/** Colours of the page's palette; further sides begin again, their names still tell them apart. */
const PALETTE_SIZE = 6

/** One page that opens from a disk without a network. Pure. */
export function comparisonHtml(comparison: SourceComparison, benchVersion: string): string {
  const { headline, sources, contests, sections, notes, by } = comparison
  return TEMPLATES['compare.html']({
    style: ASSETS.style,
    title: sources.map(({ title }) => title).join(' · '),
    sources: sources.map(sourceLine),
    tone: headline.tone,
    first: headline.first,
    gates: gatesByGravity(comparison).map((gate) => ({
      bad: gate.outcome === 'failed',
      line: gateLine(gate),
    })),
    gateFootnotes: gateFootnotes(comparison),
    sections,
    notes,
    contests: contests.map((contest, i) => contestView(contest, `contest-${i + 1}`, by === 'source')),
    legend: GRID_LEGEND,
    benchVersion,
  })
}

function contestView(contest: JudgedContest, id: string, withChanges: boolean) {
  const { columns, groups } = gridOf(contest, withChanges)
  return {
    id,
    title: contest.title,
    differences: contest.differences,
    settings: contest.settings,
    sections: contest.sections,
    columns: columns.map(({ label }, i) => ({
      label,
      color: i % PALETTE_SIZE,
      isSide: i < contest.sides.length,
    })),
    groups: groups.map((group) => ({ ...group, span: columns.length + 1 })),
  }
}
