import type { PriceTable, RegionPrices } from './price-schema.ts'

/** What one unit of something costs, and who says so. */
export interface UnitPrice {
  readonly usd: number
  readonly source: string
  /** It is known only that it costs no more. */
  readonly isBound: boolean
}

/** Operations a second and MiB/s that come with each gp3 volume. */
export const GP3_INCLUDED = { iops: 3_000, throughputMiBps: 125 } as const

/** Prices of a region; those that are not known are null. */
export interface Prices {
  readonly region: string
  /** One hour. `spotMaxUsd`: the most that is paid for a spot hour, null: the price on demand. */
  instance(type: string, isSpot: boolean, spotMaxUsd: number | null): UnitPrice | null
  /** One GB for a month. */
  diskGb(type: string): UnitPrice | null
  /** One operation a second beyond those included, for a month. */
  diskIops(type: string): UnitPrice | null
  /** One MiB/s beyond those included, for a month. */
  diskMibps(type: string): UnitPrice | null
  /** One hour. */
  publicIpv4(): UnitPrice | null
  /** One GB in one direction; it is paid for in both. */
  betweenZonesGb(): UnitPrice | null
  outGb(): UnitPrice | null
  /** One GB for a month. */
  s3Gb(): UnitPrice | null
}

/** Looks prices up. Nothing is made of other prices: a region or type that is not in the table has none. */
export function pricesOf(table: PriceTable, region: string): Prices {
  const own: RegionPrices = table.regions[region] ?? {}
  const disk = (type: string, field: 'usdPerGbMonth' | 'usdPerIopsMonth' | 'usdPerMibpsMonth') => {
    const found = own.disks?.[type]
    return price(found?.[field], found?.source)
  }
  return {
    region,
    instance: (type, isSpot, spotMaxUsd) => {
      const onDemand = lastOf(own.onDemand, type)
      return isSpot ? spotPrice(lastOf(own.spot, type), onDemand, spotMaxUsd) : onDemand
    },
    diskGb: (type) => disk(type, 'usdPerGbMonth'),
    diskIops: (type) => disk(type, 'usdPerIopsMonth'),
    diskMibps: (type) => disk(type, 'usdPerMibpsMonth'),
    publicIpv4: () => price(own.publicIpv4?.usdPerHour, own.publicIpv4?.source),
    betweenZonesGb: () => price(own.trafficBetweenZones?.usdPerGb, own.trafficBetweenZones?.source),
    outGb: () => price(own.trafficOut?.usdPerGb, own.trafficOut?.source),
    s3Gb: () => price(own.s3Standard?.usdPerGbMonth, own.s3Standard?.source),
  }
}

/** Nobody pays more for a spot instance than the most they agreed to, by default the price on demand. */
function spotPrice(
  typical: UnitPrice | null,
  onDemand: UnitPrice | null,
  maxUsd: number | null,
): UnitPrice | null {
  if (typical !== null) {
    return maxUsd === null || typical.usd <= maxUsd ? typical : { ...typical, usd: maxUsd, isBound: true }
  }
  if (maxUsd !== null && (onDemand === null || maxUsd < onDemand.usd))
    return { usd: maxUsd, source: 'spot_max_price', isBound: true }
  return onDemand === null ? null : { ...onDemand, isBound: true }
}

function lastOf(groups: RegionPrices['onDemand'], type: string): UnitPrice | null {
  const group = groups?.findLast(({ usdPerHour }) => Object.hasOwn(usdPerHour, type))
  return price(group?.usdPerHour[type], group?.source)
}

function price(usd: number | undefined, source: string | undefined): UnitPrice | null {
  return usd === undefined || source === undefined ? null : { usd, source, isBound: false }
}
