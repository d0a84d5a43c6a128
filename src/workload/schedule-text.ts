import { basename } from 'node:path'
import { formatDuration } from './duration.ts'
import type { RateSchedule, RateStage } from './rate-schedule.ts'

/** Stages that are written out; of more, the first and the number. */
const STAGES_SHOWN = 6

/** A schedule in words: `5,000/s for 30 s, then 5,000/s to 20,000/s in 1 min; Poisson arrivals`. */
export function scheduleText({ arrivals, shape }: RateSchedule): string {
  const chance = arrivals === 'poisson' ? ['Poisson arrivals'] : []
  return [...shapeText(shape), ...chance].join('; ')
}

function shapeText(shape: RateSchedule['shape']): string[] {
  if (shape === null) return []
  if (shape.kind === 'trace') return [`the trace ${basename(shape.path)}, ${count(shape.messages)} messages`]
  const { stages } = shape
  const more = stages.length - STAGES_SHOWN
  const shown = stages.slice(0, STAGES_SHOWN).map(stageText).join(', then ')
  return [more > 0 ? `${shown}, and ${count(more)} more stages` : shown]
}

/** A stage in words: `5,000/s for 30 s` or `5,000/s to 20,000/s in 1 min`. */
export function stageText({ fromHz, toHz, durationS }: RateStage): string {
  const duration = formatDuration(durationS)
  return fromHz === toHz
    ? `${count(fromHz)}/s for ${duration}`
    : `${count(fromHz)}/s to ${count(toHz)}/s in ${duration}`
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}
