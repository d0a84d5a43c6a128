import type { RecordedInstance } from '../../../src/lab/costs/estimate.ts'
import type { PriceTable } from '../../../src/lab/costs/price-schema.ts'

const source = 'here'

/** Round figures, so that sums can be done in the head. */
export const ROUND_PRICES: PriceTable = {
  schemaVersion: 1,
  currency: 'USD',
  sources: {
    [source]: { what: 'a test', url: 'https://example.com/', date: '2026-01-01', read: '2026-01-02' },
  },
  regions: {
    'us-west-2': {
      onDemand: [{ source, usdPerHour: { 't3.small': 1, 't3.micro': 0.5, 'm5.large': 2 } }],
      spot: [{ source, usdPerHour: { 't3.small': 0.25 } }],
      disks: { gp3: { source, usdPerGbMonth: 7.3, usdPerIopsMonth: 0.73, usdPerMibpsMonth: 73 } },
      publicIpv4: { source, usdPerHour: 0.1 },
      trafficBetweenZones: { source, usdPerGb: 3 },
      trafficOut: { source, usdPerGb: 9 },
      s3Standard: { source, usdPerGbMonth: 730 },
    },
  },
}

export const HOUR_MS = 3_600_000

/** A broker with a root disk of 10 GB that ran from 0 to an hour. */
export function instanceOf(own: Partial<RecordedInstance> = {}): RecordedInstance {
  return {
    ...{ role: 'broker', instanceType: 't3.small', spot: false, publicIp: null },
    ...{ launchedMs: 0, endedMs: HOUR_MS, rootDiskGb: 10, dataDiskGb: 0 },
    ...own,
  }
}
