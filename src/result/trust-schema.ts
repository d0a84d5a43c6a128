import { z } from 'zod'
import { WORKER_ROLES } from '../engine/types.ts'
import { FLOOR_LATENCIES } from './floor.ts'

const number = z.number()
const count = number.int().nonnegative()

/** Form of `WorkerClock` in a result. */
export const workerClock = z.object({
  role: z.enum(WORKER_ROLES),
  index: count,
  offsetUs: number,
  atUs: number,
  driftPpm: number,
  boundUs: number.nonnegative(),
  exchanges: count,
  restarts: count,
})

const floorFigures = z.object({ p50: number, p95: number, p99: number, p999: number })
/** Form of `NoiseFloor` in a result. */
export const floor = z.object({
  measuredAt: z.string(),
  kind: z.enum(['quick', 'full']),
  rateHz: number,
  messageBytes: count,
  latencies: z.record(z.enum(FLOOR_LATENCIES), floorFigures),
  stale: z.string().nullable(),
})
