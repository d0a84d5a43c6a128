import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { writeFileAtomic } from '../../result/atomic-file.ts'

/** In the folder of a cloud experiment. */
export const COSTS_FILE = 'costs.json'

/**
 * What is known of the bill: `none` nobody could ask; `notYet` AWS shows nothing; `partial` usage of the last day is missing;
 * `open` all usage is there and AWS may still change it; `final`.
 */
export const BILL_STATES = ['none', 'notYet', 'partial', 'open', 'final'] as const

const usd = z.number().describe('US dollars.')
const text = z.string()

const row = z.object({
  name: text,
  estimatedUsd: usd.nullable().describe('Null: no price is known, or nothing was estimated.'),
  billedUsd: usd.nullable().describe('Null: not known (yet).'),
  differenceUsd: usd.nullable().describe('Billed − estimated.'),
  differenceShare: z.number().nullable().describe('Of what was estimated: 0.1 is 10 % more.'),
})

const line = z.object({
  role: text.describe('Tag Role.'),
  service: text.describe('As Cost Explorer names it.'),
  what: text,
  quantity: z.number().nonnegative(),
  unit: text,
  unitUsd: usd.nullable().describe('Null: not in the price table.'),
  usd: usd.nullable(),
  isBound: z.boolean().describe('It costs no more than this.'),
  source: text.nullable().describe('Which of prices says so.'),
})

const billRow = z.object({ service: text, group: text.describe('Tag Role; "" without one.'), usd })
const billDay = z.object({
  day: text.describe('UTC.'),
  usd,
  isEstimated: z.boolean().describe('AWS says that it may still change.'),
})

const side = z.object({
  run: text.describe('Folder below runs/.'),
  side: text,
  billing: z.enum(['estimated', 'billed']),
  perHourUsd: usd.describe('Its own machines and the load generators, while it was under load.'),
  perMillionPublishedUsd: usd.nullable(),
  perMillionDeliveredUsd: usd.nullable(),
})

const tag = z.object({
  key: text,
  value: text.nullable().describe('Null: every value.'),
  fromDay: text,
  untilDay: text.describe('The first day not counted.'),
  totalUsd: usd,
  rows: z.array(z.object({ value: text, service: text, usd })),
})

/** The schema of `costs.json`. */
export const costsFileSchema = z
  .object({
    schemaVersion: z.literal(1),
    experiment: text,
    region: text,
    currency: z.literal('USD'),
    madeAt: text.describe('ISO 8601.'),
    from: text.describe('ISO 8601: the first launch.'),
    until: text.nullable().describe('ISO 8601: the last end; null while it stands.'),
    prices: z
      .array(z.object({ name: text, what: text, url: text, date: text.nullable(), read: text }))
      .describe('Sources of the prices that the estimate was made with.'),
    estimate: z.object({
      totalUsd: usd,
      perHourUsd: usd.describe('Of what stands now.'),
      unknown: z.array(text).describe('Without a price: the total is without it.'),
      isBound: z.boolean(),
      lines: z.array(line),
    }),
    bill: z.object({
      state: z.enum(BILL_STATES),
      why: text.describe('The state, in words.'),
      askedAt: text.nullable().describe('ISO 8601.'),
      totalUsd: usd.nullable(),
      rows: z.array(billRow),
      days: z.array(billDay),
    }),
    difference: z.object({ usd, share: z.number().nullable() }).nullable(),
    services: z.array(row),
    roles: z.array(row),
    sides: z.array(side),
    messages: z.object({ published: z.int().nonnegative(), delivered: z.int().nonnegative() }),
    perMillion: z
      .object({
        billing: z.enum(['estimated', 'billed']),
        publishedUsd: usd.nullable(),
        deliveredUsd: usd.nullable(),
      })
      .describe('The whole experiment by the messages of all measured times.'),
    tags: z.array(tag),
    notes: z.array(text),
  })
  .describe('What a cloud experiment cost: estimated and billed.')
  .meta({ title: 'bench costs' })

export type CostsFile = z.infer<typeof costsFileSchema>
export type CostRow = z.infer<typeof row>
export type SideCostRow = z.infer<typeof side>
export type TagCosts = z.infer<typeof tag>
export type BillSummary = CostsFile['bill']

/** Writes `costs.json` of an experiment's folder; an older one stays whole on failure. Returns its path. */
export async function writeCosts(costs: CostsFile, directory: string): Promise<string> {
  const path = join(directory, COSTS_FILE)
  await writeFileAtomic(path, `${JSON.stringify(costs, null, 2)}\n`)
  return path
}

/** What was written before; null where nothing was. Throws `AppError('CONFIG')` for a file that is broken. */
export async function readCosts(directory: string): Promise<CostsFile | null> {
  const path = join(directory, COSTS_FILE)
  try {
    return costsFileSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null
    throw new AppError('CONFIG', `expected costs in ${path}, got: ${messageOf(error).split('\n')[0]}`, {
      hint: 'remove the file: bench cost makes it anew',
      cause: error,
    })
  }
}
