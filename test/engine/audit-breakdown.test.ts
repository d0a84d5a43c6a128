// Goal: the audit names the producers and streams that something is wrong with, the worst first, and no more than its
// limit. Method: two producers with two streams, losses and duplicates planted in one; then very many streams.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { createBreakdownBook } from '../../src/engine/audit-breakdown.ts'
import { type AuditInput, mergeAudit } from '../../src/engine/audit-merge.ts'
import { newTally } from '../../src/engine/audit-stream.ts'
import { MAX_BREAKDOWN_ROWS } from '../../src/engine/limits.ts'
import { createAuditBudget, ReceivedStreams } from '../../src/engine/received-streams.ts'
import { SentStreams } from '../../src/engine/sent-streams.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

test('losses and duplicates are told with their producer and stream', () => {
  const received = new ReceivedStreams('t', 's', createAuditBudget())
  const sent = [0, 1].flatMap((producer) => {
    const streams = new SentStreams(2)
    for (let n = 0; n < 20; n++) {
      const stream = n % 2
      const sequence = streams.take(stream)
      streams.accepted(stream, sequence, n, true)
      const isLost = producer === 1 && stream === 0 && sequence >= 7
      if (!isLost) received.note(received.record(producer, stream), sequence)
    }
    return streams.report(producer, 't')
  })
  received.note(received.record(0, 1), 3)
  const input: AuditInput = {
    ...{ sent, received: received.report(), subscriptionCounts: [], neverSent: [], overflowed: false },
    expectedSubscriptions: [{ topic: 't', subscription: 's' }],
    endUs: 1000,
  }
  const { audits, breakdown } = mergeAudit(input)
  expect(audits[0]).toMatchObject({ acknowledgedLost: 3, lost: 3, duplicated: 1 })
  const at = { topic: 't', subscription: 's', outOfOrder: 0 }
  const loss = { ...at, producer: 1, acknowledgedLost: 3, lost: 3, duplicated: 0 }
  const double = { ...at, producer: 0, acknowledgedLost: 0, lost: 0, duplicated: 1 }
  expect(breakdown.producers).toEqual([
    { ...loss, stream: null },
    { ...double, stream: null },
  ])
  expect(breakdown.streams).toEqual([
    { ...loss, stream: 0 },
    { ...double, stream: 1 },
  ])
})

test('of very many the worst are kept', () => {
  const book = createBreakdownBook()
  for (let stream = 0; stream < 500; stream++) {
    const lost = (stream * 37) % 500
    book.add({ topic: 't', subscription: 's', producer: 0 }, stream, { ...newTally(), lost })
  }
  const { producers, streams } = book.result()
  expect(producers).toMatchObject([{ producer: 0, stream: null, lost: (500 * 499) / 2 }])
  expect(streams.map(({ lost }) => lost)).toEqual(
    Array.from({ length: MAX_BREAKDOWN_ROWS }, (_, i) => 499 - i),
  )
})
