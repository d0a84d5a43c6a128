import { z } from 'zod'
import type { CustomFigure, ExperimentResult } from '../result/result.ts'
import { METRICS_LIMITS } from './limits.ts'

/** What the process that loads the module is asked, once. */
export interface MetricsAsk {
  /** Absolute path of the module. */
  readonly file: string
  /** Null to look at the module only. */
  readonly result: ExperimentResult | null
}

/** What is wrong with a module. */
export interface ModuleProblem {
  /** `expected …, got …`. */
  readonly what: string
  /** Place in the module, or in one that it imports; null where it is not known. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null
}

/** A figure without its values. */
export type FigureHead = Pick<CustomFigure, 'name' | 'unit' | 'better' | 'note'>

/** Values of one figure: of each trial of a side. */
export type FigureValues = Pick<CustomFigure, 'values' | 'errors'>

/** What it tells; the last message is `done` or `problem`. */
export type MetricsAnswer =
  | { readonly kind: 'figures'; readonly figures: readonly FigureHead[] }
  /** One figure of all sides, in the order of the result. */
  | { readonly kind: 'values'; readonly index: number; readonly sides: readonly FigureValues[] }
  | { readonly kind: 'problem'; readonly problem: ModuleProblem }
  | { readonly kind: 'done' }

const line = (characters: number) => z.string().max(characters + 1)
const sentence = line(2 * METRICS_LIMITS.errorCharacters)

/** Modules share the channel with us and may write anything into it: what is none of these is passed over. */
export const metricsAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('figures'),
    figures: z
      .array(
        z.object({
          name: line(METRICS_LIMITS.nameCharacters),
          unit: line(METRICS_LIMITS.unitCharacters),
          better: z.enum(['lower', 'higher']).nullable(),
          note: line(METRICS_LIMITS.noteCharacters).nullable(),
        }),
      )
      .max(METRICS_LIMITS.figures),
  }),
  z.object({
    kind: z.literal('values'),
    index: z.number().int().nonnegative(),
    sides: z.array(
      z.object({
        values: z.array(z.number().nullable()),
        errors: z.array(sentence).max(METRICS_LIMITS.errors),
      }),
    ),
  }),
  z.object({
    kind: z.literal('problem'),
    problem: z.object({
      what: sentence,
      place: z.object({ file: z.string(), line: z.number(), column: z.number() }).nullable(),
    }),
  }),
  z.object({ kind: z.literal('done') }),
]) satisfies z.ZodType<MetricsAnswer>
