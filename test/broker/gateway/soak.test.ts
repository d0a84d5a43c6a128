// Goal: over an upstream's outage the gateway accounts for every request and gives every buffer back. Method: a slice of
// `npm run proof:gateway-soak`: gateway, sink and load as processes; a slab so small that the outage overflows it.
import { expect, test } from 'bun:test'
import { checksOf, soak } from '../../../perf/gateway/soak.ts'

const MEBIBYTE = 2 ** 20

test('senders, gateway and sink count the same through an outage', async () => {
  const result = await soak({
    durationMs: 12_000,
    outageMs: 3000,
    rateHz: 300,
    env: {
      GATEWAY_MAX_BODY_BYTES: String(MEBIBYTE),
      GATEWAY_SLAB_SIZE_BYTES: String(8 * MEBIBYTE),
    },
    log: () => {},
  })
  expect(checksOf(result, 300 * MEBIBYTE).filter(({ holds }) => !holds)).toEqual([])
  expect(result.dropped['507']).toBeGreaterThan(0)
}, 90_000)
