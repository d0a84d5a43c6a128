import { z } from 'zod'
import { REFUSAL_KINDS, SEARCH_ENDS, SEARCH_PURPOSES } from './search.ts'

const count = z.number().int().nonnegative()
const number = z.number()
const text = z.string()
const texts = z.array(text)

/** `SearchOptions` in a result. */
export const searchOptionsSchema = z.object({
  slos: texts,
  startHz: number.positive(),
  maxHz: number.positive(),
  precision: number.positive(),
  confirmations: count,
  stepS: number.positive(),
  settleS: number.nonnegative(),
  drainS: number.positive(),
  maxSteps: count,
  maxS: number.positive(),
})

/** `SearchResult`. */
export const searchResultSchema = z.object({
  options: searchOptionsSchema,
  end: z.enum(SEARCH_ENDS),
  rateHz: number.positive().nullable(),
  bracket: z.object({ heldHz: number.positive().nullable(), refusedHz: number.positive().nullable() }),
  sentences: texts,
  steps: z.array(
    z.object({
      place: count,
      rateHz: number.positive(),
      purpose: z.enum(SEARCH_PURPOSES),
      outcome: z.enum(['held', 'refused', 'unknown']),
      reasons: z.array(z.object({ kind: z.enum(REFUSAL_KINDS), text })),
      tookS: number.nonnegative(),
    }),
  ),
})
