import { z } from 'zod'

const count = z.number().int().nonnegative()
const number = z.number()
const text = z.string()
const rate = number.nonnegative()

/** `RateSchedule` in a result. */
export const rateScheduleSchema = z.object({
  arrivals: z.enum(['even', 'poisson']),
  shape: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('stages'),
        warmupRateHz: rate,
        stages: z.array(z.object({ fromHz: rate, toHz: rate, durationS: number.positive() })),
      }),
      z.object({
        kind: z.literal('trace'),
        warmupRateHz: rate,
        path: text,
        sha256: text,
        messages: count,
      }),
    ])
    .nullable(),
})
