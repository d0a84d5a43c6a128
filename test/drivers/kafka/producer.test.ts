// Goal: the accumulator settles every accepted message exactly once, keeps each partition's order over retries, sends
// nothing twice that may have been written unless it is numbered, and takes no more than its limits.
// Method: random sends against a link that fails in random ways and remembers what it wrote.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Outcome } from '../../../src/driver/driver.ts'
import type { BatchResult, ProduceLink } from '../../../src/drivers/kafka/clients/client.ts'
import { kafkaConfigSchema } from '../../../src/drivers/kafka/kafka-config.ts'
import { createKafkaProducer } from '../../../src/drivers/kafka/kafka-producer.ts'

type Fate = 'ok' | 'refused' | 'not leader' | 'lost, written' | 'lost, not written'
const RESULTS: Record<Fate, BatchResult> = {
  ok: { ok: true },
  refused: { ok: false, kind: 'refused', maybeWritten: false, retriable: false },
  'not leader': { ok: false, kind: 'not leader', maybeWritten: false, retriable: true },
  'lost, written': { ok: false, kind: 'connection lost', maybeWritten: true, retriable: true },
  'lost, not written': { ok: false, kind: 'connection lost', maybeWritten: true, retriable: true },
}

function makeLink(fates: Fate[], written: number[][]): ProduceLink {
  return {
    inFlightPerPartition: 1,
    partitionsPerRequest: 1,
    leaderOf: () => 1,
    async send(_node, batches) {
      await Promise.resolve()
      return batches.map((batch) => {
        const fate = fates.shift() ?? 'ok'
        if (fate === 'ok' || fate === 'lost, written')
          for (const value of batch.values) written[batch.partition]!.push(value.readUInt32BE(0))
        return RESULTS[fate]
      })
    },
    refresh: async () => {},
    renew: async () => {},
    close: async () => {},
  }
}

test('every accepted message is settled once, truthfully and in order, whatever the link does', async () => {
  const fate = fc.constantFrom<Fate>(
    'ok',
    'ok',
    'refused',
    'not leader',
    'lost, written',
    'lost, not written',
  )
  const sends = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sends, fc.array(fate, { maxLength: 5 }), async (plan, fates) => {
      const written: number[][] = [[], [], []]
      const outcomes = new Map<number, Outcome>()
      const config = kafkaConfigSchema.parse({ idempotent: false, lingerMs: 0, batchBytes: 100 })
      const producer = createKafkaProducer(
        {
          topic: 't',
          partitions: 3,
          name: 'p',
          onWritable() {},
          onSettled(first, count, outcome) {
            for (let i = first; i < first + count; i++) {
              expect(outcomes.has(i)).toBe(false)
              outcomes.set(i, outcome)
            }
          },
        },
        makeLink([...fates], written),
        { config, batchBytesLimit: 900_000 },
      )
      let sequence = 0
      for (const [partition, count] of plan) {
        const values = Array.from({ length: count }, (_, i) => Buffer.from([0, 0, 0, sequence + i]))
        sequence += producer.send({ firstSequence: sequence, count, partition, values, keys: null })
      }
      await producer.close(AbortSignal.timeout(5000))
      expect(outcomes.size).toBe(sequence)
      for (const partition of written)
        expect(partition).toEqual([...new Set(partition)].sort((a, b) => a - b))
      const all = new Set(written.flat())
      for (const [one, outcome] of outcomes) {
        if (outcome === 'acknowledged') expect(all.has(one)).toBe(true)
        if (outcome === 'rejected') expect(all.has(one)).toBe(false)
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)
