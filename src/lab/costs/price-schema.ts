import { type ZodType, z } from 'zod'
import { instanceType } from '../../brokers/lab-system.ts'

const text = z.string().min(1).max(500)
const day = z.iso.date({ error: 'a day like 2026-11-21' })
const usd = z.number().nonnegative()
const source = z.string().min(1).describe('Which of `sources` says so.')

const perType = z
  .array(
    z.strictObject({
      source,
      usdPerHour: z.record(instanceType(), z.number().positive()).describe('By instance type.'),
    }),
  )
  .describe('Later entries go over earlier ones.')

const disk = z.strictObject({
  source,
  usdPerGbMonth: usd,
  usdPerIopsMonth: usd.optional().describe('Beyond the operations that come with the volume.'),
  usdPerMibpsMonth: usd.optional().describe('Beyond the MiB/s that come with the volume.'),
})

const perGb = z.strictObject({ source, usdPerGb: usd })

const region = z.strictObject({
  onDemand: perType.optional(),
  spot: perType.optional().describe('What spot instances typically cost: the market moves.'),
  disks: z.record(z.string(), disk).optional().describe('EBS volumes, by type.'),
  publicIpv4: z.strictObject({ source, usdPerHour: usd }).optional().describe('One public IPv4 address.'),
  trafficBetweenZones: perGb.optional().describe('In each direction: a byte is paid for twice.'),
  trafficOut: perGb.optional().describe('To the internet.'),
  s3Standard: z.strictObject({ source, usdPerGbMonth: usd }).optional(),
})

/** Prices of AWS as somebody saw them: every figure names where it comes from. */
export interface PriceTable {
  readonly schemaVersion: 1
  readonly currency: 'USD'
  readonly sources: Readonly<Record<string, PriceSource>>
  readonly regions: Readonly<Record<string, RegionPrices>>
}

export type PriceSource = z.infer<typeof priceSource>
export type RegionPrices = z.infer<typeof region>

const priceSource = z.strictObject({
  what: text.describe('Who says so, and of what.'),
  url: z.url().describe('Where the figures can be looked up.'),
  date: day.nullable().describe('Day of which the figures are; null: the source does not say.'),
  read: day.describe('Day on which somebody read them there.'),
})

/** The schema of a price table: of the one that bench ships, and of your own. */
export const priceTableSchema: ZodType<PriceTable> = z
  .strictObject({
    schemaVersion: z.literal(1),
    currency: z.literal('USD'),
    sources: z.record(z.string(), priceSource),
    regions: z.record(z.string(), region).describe('By region, such as us-west-2.'),
  })
  .superRefine(({ sources, regions }, context) => {
    for (const { path, source } of sourcesNamed(regions)) {
      if (Object.hasOwn(sources, source)) continue
      const message = `expected one of sources (${Object.keys(sources).join(', ')})`
      context.addIssue({ code: 'custom', message, path: ['regions', ...path, 'source'], input: source })
    }
  })
  .describe('Prices for cost estimates, each with its source.')
  .meta({ title: 'bench prices' })

interface Named {
  readonly path: readonly (string | number)[]
  readonly source: string
}

function sourcesNamed(regions: Readonly<Record<string, RegionPrices>>): Named[] {
  return Object.entries(regions).flatMap(([name, prices]) =>
    namedIn(prices).map(({ path, source }) => ({ path: [name, ...path], source })),
  )
}

function namedIn(value: unknown): Named[] {
  if (typeof value !== 'object' || value === null) return []
  const own = (value as { source?: unknown }).source
  if (typeof own === 'string') return [{ path: [], source: own }]
  return Object.entries(value).flatMap(([key, part]) =>
    namedIn(part).map(({ path, source }) => ({
      path: [Array.isArray(value) ? Number(key) : key, ...path],
      source,
    })),
  )
}
