import { z } from 'zod'

const count = z.number().int().nonnegative()
const number = z.number()
const text = z.string()

const span = z.object({ fromS: number, toS: number })
/** A fault as it happened. */
export const fault = z.object({
  kind: z.enum(['kill', 'restart', 'stop', 'pause-consumers', 'network']),
  text,
  startS: number.nullable(),
  endS: number.nullable(),
  error: text.nullable(),
  recovery: z
    .object({
      afterEndS: number.nullable(),
      duringS: number.nullable(),
      p99LimitUs: number,
      waitedS: number,
    })
    .nullable(),
  longestGap: span.nullable(),
})
const rows = z.array(
  z.object({
    topic: text,
    subscription: text,
    producer: count,
    stream: count.nullable(),
    acknowledgedLost: count,
    lost: count,
    duplicated: count,
    outOfOrder: count,
  }),
)

/** The worst producers and streams. */
export const breakdown = z.object({ producers: rows, streams: rows })

/** Times without any acknowledgement. */
export const gaps = z.object({
  longest: span.nullable(),
  producers: z.array(span.extend({ producer: count })),
})

/** Faults of a workload. */
export const plannedFaults = z.array(
  z.object({
    kind: fault.shape.kind,
    atS: number,
    forS: number,
    node: z.union([count, z.enum(['leader', 'any'])]).exactOptional(),
    network: z
      .object({
        node: count.nullable(),
        direction: z.enum(['to-broker', 'to-client', 'both']),
        delayMs: number,
        jitterMs: number,
        bytesPerS: number.nullable(),
        reset: z.boolean(),
        blackHole: z.boolean(),
      })
      .exactOptional(),
  }),
)
