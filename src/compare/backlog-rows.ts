import { countText, msFigure } from '../result/figures.ts'
import type { TrialResult } from '../result/result.ts'
import { type Cell, medianCell, type Read, type TrialsCell } from './cells.ts'
import type { RowGroup, RowMaker } from './rows.ts'
import { intervalsIn, quantileOver, type Stretch } from './stretch.ts'

type Backlog = NonNullable<TrialResult['backlog']>

const P50 = 5_000
const P99 = 9_900

/** How backlogs were built and drained; no group where no trial has one. */
export function backlogGroup(trials: readonly TrialResult[], row: RowMaker): RowGroup[] {
  if (trials.every(({ backlog }) => backlog === undefined)) return []
  const seconds = (value: number) => value.toFixed(1)
  const of =
    (read: (backlog: Backlog) => number): Read =>
    ({ backlog }) =>
      backlog === undefined ? null : read(backlog)
  const rows = [
    row(
      'built',
      'msg',
      marked(
        medianCell(
          of(({ build }) => build.messages),
          countText,
        ),
        ({ build }) => build.reached,
      ),
    ),
    row(
      'build time',
      's',
      medianCell(
        of(({ build }) => build.endS - build.startS),
        seconds,
      ),
    ),
    row(
      'drain time',
      's',
      marked(medianCell(of(drainSeconds), seconds), ({ drain }) => drain.drained),
    ),
    row(
      'left after draining',
      'msg',
      medianCell(
        of(({ drain }) => drain.messages),
        countText,
      ),
    ),
    row('catch-up rate', 'msg/s', medianCell(of(catchUpHz), countText)),
  ]
  for (const [title, stretch] of STRETCHES) {
    for (const [quantile, parts] of [
      ['p50', P50],
      ['p99', P99],
    ] as const) {
      const read: Read = (trial) => {
        const { backlog } = trial
        if (backlog === undefined) return null
        return quantileOver(intervalsIn(trial, stretch(backlog, trial)), 'publish', parts)
      }
      rows.push(row(`publish ${quantile} ${title}`, 'ms', medianCell(read, msFigure)))
    }
  }
  return [{ title: 'Backlog, of each subscription', rows }]
}

const STRETCHES: readonly (readonly [string, (backlog: Backlog, trial: TrialResult) => Stretch])[] = [
  ['before', ({ build }, { phases }) => ({ fromS: phases.warmup.durationS, toS: build.startS })],
  ['while it builds', ({ build }) => ({ fromS: build.startS, toS: build.endS })],
  ['while it drains', ({ build, drain }) => ({ fromS: build.endS, toS: drain.endS })],
]

function drainSeconds({ build, drain }: Backlog): number {
  return drain.endS - build.endS
}

/** Messages a second that each subscription was delivered while it caught up, new ones among them. */
export function catchUpHz(backlog: Backlog): number {
  const seconds = drainSeconds(backlog)
  return seconds <= 0 ? 0 : backlog.drain.delivered / seconds
}

/** What did not come to its end is no figure to be compared. */
function marked(cell: TrialsCell, isWhole: (backlog: Backlog) => boolean): TrialsCell {
  return (trials): Cell => {
    const whole = trials.every(({ backlog }) => backlog === undefined || isWhole(backlog))
    return whole ? cell(trials) : { text: `${cell(trials).text}, not whole`, mark: 'bad' }
  }
}

/** What must be known of backlogs beside the table. */
export function backlogNotes(label: string, trials: readonly TrialResult[]): string[] {
  const notes: string[] = []
  for (const { backlog } of trials) {
    if (backlog === undefined) continue
    const { build, drain, targetMessages } = backlog
    if (!build.reached) {
      notes.push(
        `${label}: the backlog did not reach ${countText(targetMessages)} messages in its time: ${countText(build.messages)}.`,
      )
    }
    if (!drain.drained) {
      notes.push(
        `${label}: the backlog was not drained within ${drainSeconds(backlog).toFixed(0)} s: ${countText(drain.messages)} messages were left.`,
      )
    }
  }
  return [...new Set(notes)]
}
