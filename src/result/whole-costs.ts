import { z } from 'zod'

/** What a whole experiment in the cloud cost: all its machines, from the first launch to the last end. */
export interface WholeCosts {
  /** Id of the experiment; a result of one of its runs has another. */
  readonly experiment: string
  /** ISO 8601. */
  readonly from: string
  /** Null while it still stands. */
  readonly until: string | null
  /** By a price table; without what had no price. */
  readonly estimated: number
  /** What AWS charges; null while it is not known. */
  readonly billed: number | null
  /** How sure the bill is, as a sentence part: `final`, `AWS may still change it`… */
  readonly billState: string
  readonly services: readonly WholeCostRow[]
  readonly roles: readonly WholeCostRow[]
  /** Of a million messages measured, set-up and tear-down shared out over them; null without any. */
  readonly perMillion: { readonly published: number | null; readonly delivered: number | null }
  /** What is not in the figures, and where prices come from. */
  readonly notes: readonly string[]
}

export interface WholeCostRow {
  readonly name: string
  /** Null where no price is known, or the estimate has no such thing. */
  readonly estimated: number | null
  readonly billed: number | null
}

const row = z.object({
  name: z.string(),
  estimated: z.number().nullable(),
  billed: z.number().nullable(),
})

export const wholeCostsSchema = z.object({
  experiment: z.string(),
  from: z.string(),
  until: z.string().nullable(),
  estimated: z.number(),
  billed: z.number().nullable(),
  billState: z.string(),
  services: z.array(row),
  roles: z.array(row),
  perMillion: z.object({ published: z.number().nullable(), delivered: z.number().nullable() }),
  notes: z.array(z.string()),
}) satisfies z.ZodType<WholeCosts>
