import type { ExperimentResult, SideResult } from '../result/result.ts'
import { METRICS_LIMITS } from './limits.ts'
import type { FigureValues } from './protocol.ts'
import { kindOf, short } from './shape.ts'
import type { Figure } from './types.ts'

/** One figure of every side. What goes wrong in one trial is told, and harms no other. */
export function valuesOf(figure: Figure, result: ExperimentResult): FigureValues[] {
  return result.sides.map((side) => sideValues(figure, side, result))
}

function sideValues(figure: Figure, side: SideResult, result: ExperimentResult): FigureValues {
  const errors = new Set<string>()
  const values = side.trials.map((trial) => {
    try {
      const value: unknown = figure.value({ trial, side, result })
      if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
      const got = typeof value === 'number' ? String(value) : kindOf(value)
      errors.add(`expected a finite number or null, got ${got}`)
    } catch (thrown) {
      errors.add(short(sentenceOf(thrown)))
    }
    return null
  })
  return { values, errors: [...errors].slice(0, METRICS_LIMITS.errors) }
}

/** Anything may be thrown, also what cannot be made a text. */
export function sentenceOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `thrown: ${String(thrown)}`
  } catch {
    return `thrown: ${kindOf(thrown)}`
  }
}

/** Freezes a value to its leaves: no figure may change what the next one sees. */
export function freezeAll<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freezeAll(part)
  return value
}
