/**
 * Question: does the gateway account for everything and stay in its memory over a long time at high load, when the
 * upstream fails in between?
 *
 * An open loop at 80 % of the maximum (measured just before, in a closed loop) for 15 minutes; in the middle the
 * upstream answers 503 for 20 s. What does not fit into the slab then is refused and counted; everything accepted must
 * reach the sink, masked. Senders, gateway and sink count independently.
 *
 *     npm run proof:gateway-soak          SECONDS=900 OUTAGE=20 RATE=… (requests a second) can be set
 */
import { checksOf, soak } from './gateway/soak.ts'

const SECONDS = Number(process.env.SECONDS ?? 900)
const OUTAGE_S = Number(process.env.OUTAGE ?? 20)
const RATE = process.env.RATE === undefined ? null : Number(process.env.RATE)
const SLAB_BYTES = 256 * 2 ** 20
/** The slab, and what a process without one may take. */
const RESIDENT_LIMIT_BYTES = SLAB_BYTES + 300 * 2 ** 20

const result = await soak({
  durationMs: SECONDS * 1000,
  outageMs: OUTAGE_S * 1000,
  rateHz: RATE,
  env: { GATEWAY_SLAB_SIZE_BYTES: String(SLAB_BYTES) },
  log: console.log,
})
const checks = checksOf(result, RESIDENT_LIMIT_BYTES)
for (const { what, holds } of checks) console.log(`${holds ? 'holds        ' : 'does NOT hold'} ${what}`)
process.exit(checks.every(({ holds }) => holds) ? 0 : 1)
