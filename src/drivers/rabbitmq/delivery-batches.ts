import type { IncomingBatch } from '../../driver/driver.ts'
import { ACK_FRAME_BYTES, writeAck } from './frame-writer.ts'

/** Collects the deliveries of one read of the socket and keeps account of what is acknowledged. */
export interface DeliveryBatches {
  add(partition: number, deliveryTag: number, redelivered: boolean, body: Buffer): void
  /** The batch of everything added since the last call, or null. Its views end with `release`. */
  take(): (IncomingBatch & { release(): void }) | null
  /** The channel is gone with all its tags: acknowledgements of older batches have no meaning any more. */
  reset(): void
}

export interface AckOptions {
  /** False where the broker acknowledges by itself. */
  readonly manual: boolean
  /** One frame for a whole batch, where everything before it is acknowledged too. */
  readonly multiple: boolean
  /** The number of the present channel. */
  channel(): number
  write(frames: Buffer): void
}

interface Account {
  readonly tags: readonly number[]
  acknowledged: boolean
}

/** See `DeliveryBatches`. At most the consumer's prefetch is held in accounts. */
export function createDeliveryBatches(options: AckOptions): DeliveryBatches {
  let bodies: Buffer[] = []
  let partitions: number[] = []
  let flags: boolean[] = []
  let tags: number[] = []
  /** Batches in order of delivery from the oldest unacknowledged one on. */
  let accounts: Account[] = []

  function acknowledge(account: Account): void {
    if (account.acknowledged) return
    account.acknowledged = true
    // `multiple` reaches back to the oldest unacknowledged tag: only right where no older batch is open.
    const whole = options.multiple && accounts[0] === account
    const sent = whole ? account.tags.slice(-1) : account.tags
    const frames = Buffer.allocUnsafe(sent.length * ACK_FRAME_BYTES)
    let at = 0
    for (const tag of sent) at = writeAck(frames, at, options.channel(), tag, whole)
    while (accounts[0]?.acknowledged) accounts.shift()
    options.write(frames)
  }

  return {
    add(partition, deliveryTag, redelivered, body) {
      bodies.push(body)
      partitions.push(partition)
      flags.push(redelivered)
      tags.push(deliveryTag)
    },
    take() {
      if (bodies.length === 0) return null
      let values: Buffer[] | null = bodies
      const from = partitions
      const again = flags
      const account: Account = { tags, acknowledged: false }
      const epoch = accounts
      if (options.manual) accounts.push(account)
      bodies = []
      partitions = []
      flags = []
      tags = []
      return {
        count: from.length,
        value(index) {
          const value = values?.[index]
          if (value === undefined) throw new RangeError(`message ${index} of the batch is not there any more`)
          return value
        },
        partition: (index) => from[index] as number,
        redelivered: (index) => again[index] as boolean,
        acknowledge() {
          if (options.manual && epoch === accounts) acknowledge(account)
        },
        release() {
          values = null
        },
      }
    },
    reset() {
      accounts = []
      bodies = []
      partitions = []
      flags = []
      tags = []
    },
  }
}
