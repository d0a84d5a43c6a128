import { z } from 'zod'
import { ACKNOWLEDGERS, type Guarantees, type Terms, type TopicTerms } from '../../driver.ts'
import { expect } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const count = z.int().min(0)
const text = z.string().min(1)

const guarantees = z.strictObject({
  copies: z.union([count, z.literal('every node')]).optional(),
  copiesAtAck: z.union([count, z.literal('majority')]).optional(),
  syncedAtAck: z.boolean().optional(),
})

const terms = z.strictObject({
  acknowledgedBy: z.enum(ACKNOWLEDGERS).optional(),
  deduplicates: z.boolean().optional(),
  batching: z
    .union([
      z.literal('none'),
      z.strictObject({
        lingerMs: z.number().min(0),
        maxMessages: count.optional(),
        maxBytes: count.optional(),
      }),
    ])
    .optional(),
  compression: text.optional(),
  consumerAcks: text.optional(),
  platform: text.regex(/ \d/, 'a name and a version').optional(),
  hosts: z.array(text.regex(/:\d+$/, 'host:port')).min(1).optional(),
})

/** What a driver sets itself, it knows. */
const OWN_SETTINGS = ['acknowledgedBy', 'batching', 'compression', 'consumerAcks'] as const

function requireFit(stated: TopicTerms): void {
  const shape = z.object({ guarantees: guarantees.optional(), terms: terms.optional() })
  const [issue] = shape.safeParse(stated).error?.issues ?? []
  expect(issue === undefined, `expected ${issue?.path.join('.')} as the contract has it: ${issue?.message}`)
  const { copies, copiesAtAck, syncedAtAck }: Guarantees = stated.guarantees ?? {}
  if (typeof copies === 'number' && typeof copiesAtAck === 'number') {
    expect(
      copiesAtAck <= copies,
      `expected at most ${copies} copies at the acknowledgement, ${copiesAtAck} are stated`,
    )
  }
  expect(
    !(copiesAtAck === 0 && syncedAtAck),
    'expected a copy that is on disk at the acknowledgement to exist',
  )
}

/** What is told for the fairness table, in the words that all drivers share. */
export const termsChecks: readonly ConformanceCheck[] = [
  {
    name: 'what the side promises and how it is set up is said in shared words',
    appliesTo: () => true,
    async run(session) {
      const driver = session.create()
      const info = await driver.open(session.signal)
      requireFit(info)
      const own: Terms = info.terms ?? {}
      for (const name of OWN_SETTINGS) expect(own[name] !== undefined, `expected open to state terms.${name}`)
      if (driver.topicTerms === undefined) return
      const topic = await session.topic(driver)
      requireFit(await driver.topicTerms([topic], session.signal))
    },
  },
]
