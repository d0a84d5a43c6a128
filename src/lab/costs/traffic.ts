import type { ExperimentResult } from '../../result/result.ts'
import type { Traffic } from './estimate.ts'
import { CLIENT_ROLE } from './side-costs.ts'

/**
 * Traffic between zones, as far as it was measured: what load generators exchanged with the systems while measuring, of
 * which (zones − 1) / zones crosses, as instances are spread evenly. One zone: none. Pure.
 */
export function trafficBetweenZones(results: readonly ExperimentResult[], zones: number): Traffic[] {
  if (zones <= 1) return []
  let bytes = 0
  for (const { sides } of results)
    for (const { trials } of sides)
      for (const { clientWire } of trials)
        bytes += (clientWire?.sentBytes ?? 0) + (clientWire?.receivedBytes ?? 0)
  return bytes === 0 ? [] : [{ role: CLIENT_ROLE, betweenZonesBytes: (bytes * (zones - 1)) / zones }]
}
