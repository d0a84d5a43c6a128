import { z } from 'zod'
import type { Capabilities } from '../capabilities.ts'

/** The four kinds of system that the fake can be. */
export const FAKE_SHAPES = ['log', 'queue', 'sink', 'fanout'] as const
export type FakeShape = (typeof FAKE_SHAPES)[number]

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** So that every fault finds its place within the window, whatever the streams look like. */
const WINDOW_PER_FAULT = 6
/** A held message of a swap needs one more of its stream: the end of the window stays free. */
export const MESSAGES_PER_FAULT = 3

const count = z.int().min(0)

const faultsSchema = z
  .strictObject({
    /** Draws the faulty messages. */
    seed: count.default(1),
    /** Outcome unknown, never delivered. */
    lose: count.default(0),
    /** Delivered twice; with competing consumers the copy goes to another one. */
    duplicate: count.default(0),
    /** Two neighbours of one stream delivered in the wrong order: one out-of-order delivery each. */
    swap: count.default(0),
    /** Delivered with flipped bytes. */
    corrupt: count.default(0),
    /** Acknowledged, never delivered. */
    acknowledgeAndDrop: count.default(0),
    /** Faults are drawn from this many first messages of a topic, in the order of acceptance. */
    window: z.int().min(1).default(1000),
  })
  .refine((faults) => faults.window >= WINDOW_PER_FAULT * faultCount(faults), {
    error: `expected window ≥ ${WINDOW_PER_FAULT} × the number of faults`,
  })

/** How many faults of each kind. */
export interface FaultCounts {
  readonly lose: number
  readonly duplicate: number
  readonly swap: number
  readonly corrupt: number
  readonly acknowledgeAndDrop: number
}

/** Exact integrity faults of one topic, the same for each of its subscriptions. */
export type FakeFaults = z.infer<typeof faultsSchema>

/** The fake's part of a driver file. Seconds count from the first `send` (of the instance; for `stopAfterS`, to the topic). */
export const fakeOptionsSchema = z.strictObject({
  shape: z.enum(FAKE_SHAPES).default('log'),
  ackDelayMs: z.number().min(0).default(0),
  deliveryDelayMs: z.number().min(0).default(0),
  /** Messages accepted and not settled that one producer may have; beyond them `send` refuses. */
  capacity: z.int().min(1).default(10_000),
  /** During [from, to) `send` blocks the thread until `to`. */
  blockedDuring: z.array(z.tuple([z.number().min(0), z.number().min(0)])).default([]),
  /** From then on nothing is acknowledged or delivered any more. */
  stopAfterS: z.number().min(0).nullable().default(null),
  faults: faultsSchema.nullable().default(null),
})

/** Options with all defaults filled in. */
export type FakeOptions = z.infer<typeof fakeOptionsSchema>

/** Options as a driver file has them. */
export type FakeOptionsInput = z.input<typeof fakeOptionsSchema>

/** Number of faults of all kinds together. */
export function faultCount(faults: FaultCounts): number {
  return faults.lose + faults.duplicate + faults.swap + faults.corrupt + faults.acknowledgeAndDrop
}

const COMMON = {
  transactions: false,
  brokerTimestamps: false,
  maxMessageBytes: MAX_MESSAGE_BYTES,
} as const

const CAPABILITIES: Readonly<Record<FakeShape, Capabilities>> = {
  /** A partitioned log with groups. */
  log: {
    ...COMMON,
    partitions: 'native',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: 'partition',
    sharedStreams: false,
    delivery: 'at-least-once',
    redeliveryFlag: false,
    redelivers: true,
    replay: true,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
  },
  /** Competing consumers of one queue for each subscription and partition. */
  queue: {
    ...COMMON,
    partitions: 'emulated',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: 'queue',
    sharedStreams: true,
    delivery: 'at-least-once',
    redeliveryFlag: true,
    redelivers: true,
    replay: false,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
  },
  /** Request and response: the consumer is a server that must be there first. */
  sink: {
    ...COMMON,
    partitions: 'none',
    choosesPartition: false,
    subscriptions: false,
    orderDomain: 'none',
    sharedStreams: true,
    delivery: 'at-least-once',
    redeliveryFlag: false,
    redelivers: false,
    replay: false,
    keys: false,
    filtersByStream: false,
    consumerIsServer: true,
  },
  /** Each of many receivers gets the streams that fall to its number. */
  fanout: {
    ...COMMON,
    partitions: 'none',
    choosesPartition: false,
    subscriptions: true,
    orderDomain: 'key',
    sharedStreams: false,
    delivery: 'at-most-once',
    redeliveryFlag: false,
    redelivers: false,
    replay: false,
    keys: true,
    filtersByStream: true,
    consumerIsServer: false,
  },
}

/** What a fake of this shape can do. */
export function fakeCapabilities(shape: FakeShape): Capabilities {
  return CAPABILITIES[shape]
}
