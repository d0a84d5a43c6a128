import { z } from 'zod'
import { MAX_DURATION_S } from './limits.ts'

/** Faults of one workload. */
export const MAX_FAULTS = 32
/** Nodes that a broker of this machine may have. */
const MAX_NODES = 16
const MAX_DELAY_MS = 60_000
const MAX_BYTES_PER_S = 10_000_000_000

export const FAULT_KINDS = ['kill', 'restart', 'stop', 'pause-consumers', 'network'] as const
export const FAULT_DIRECTIONS = ['to-broker', 'to-client', 'both'] as const

/** One fault as a person writes it; what belongs together is checked by `faultProblems`. */
const faultSchema = z.strictObject({
  fault: z
    .enum(FAULT_KINDS)
    .describe(
      'What is done: kill (SIGKILL, started again with its data at the end), restart (ended and started again), stop (SIGSTOP, SIGCONT), pause-consumers, network.',
    ),
  atSeconds: z.number().min(0).max(MAX_DURATION_S).describe('When it begins, in seconds of measure.'),
  forSeconds: z
    .number()
    .gt(0)
    .max(MAX_DURATION_S)
    .optional()
    .describe('How long it lasts, in seconds. Needed but for restart, which may be as quick as it can.'),
  node: z
    .union([z.int().min(1).max(MAX_NODES), z.enum(['leader', 'any'])])
    .optional()
    .describe(
      'The node of the broker: 1 for the first, leader (of the first partition of the first topic) or any; default: any, for network all.',
    ),
  delayMs: z
    .number()
    .gt(0)
    .max(MAX_DELAY_MS)
    .optional()
    .describe('Network: how much later everything comes.'),
  jitterMs: z
    .number()
    .gt(0)
    .max(MAX_DELAY_MS)
    .optional()
    .describe('Network: the delay varies by up to so much both ways; never beyond the delay itself.'),
  bytesPerSecond: z
    .int()
    .min(1)
    .max(MAX_BYTES_PER_S)
    .optional()
    .describe('Network: bytes a second that pass, all connections to a node together.'),
  reset: z.literal(true).optional().describe('Network: connections are reset, new ones too.'),
  blackHole: z
    .literal(true)
    .optional()
    .describe('Network: nothing passes any more, and nobody is told; what was sent waits.'),
  direction: z
    .enum(FAULT_DIRECTIONS)
    .optional()
    .describe('Network: which way is disturbed, seen from the clients; default: both.'),
})

export const faultsSchema = z
  .array(faultSchema)
  .min(1)
  .max(MAX_FAULTS)
  .optional()
  .describe('What goes wrong on purpose while it is measured, and when.')

export type FaultFields = z.infer<typeof faultSchema>
