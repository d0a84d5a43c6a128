import type { TopicFigures, TopicSpec } from '../../driver.ts'
import { expectExactly } from '../expectations.ts'
import { fail, type Session } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const POLL_MS = 50
/** Part of the check's time that a broker may take to count: some do it now and then only. */
const COUNTING_SHARE = 0.4

/** Two subscriptions get the same messages; only the first acknowledges. */
async function publishAndRead(session: Session): Promise<{ topic: TopicSpec; acknowledged: number }> {
  const driver = await session.open()
  const topic = await session.topic(driver, ['read', 'unread'])
  const [reader, idler] = await Promise.all([
    session.consumer(driver, topic, { subscription: 'read' }),
    session.consumer(driver, topic, { subscription: 'unread', acknowledge: false }),
  ])
  const producer = await session.producer(driver, topic)
  await producer.publish(session.hints.messages)
  const sent = producer.withOutcome('acknowledged')
  await expectExactly(session, [reader], sent)
  await producer.inner.close(session.signal)
  await Promise.all([reader.close(), idler.close()])
  return { topic, acknowledged: sent.length }
}

/** What in the figures of the topic cannot be; empty when all fits. */
function misfits(
  figures: readonly TopicFigures[],
  { topic, acknowledged }: { topic: TopicSpec; acknowledged: number },
  redelivers: boolean,
): string[] {
  const [own] = figures
  if (figures.length !== 1 || own!.topic !== topic.name) return [`figures of ${topic.name} alone`]
  const { messagesIn, storageBytes, subscriptions } = own!
  const backlog = (name: string) =>
    subscriptions.find(({ subscription }) => subscription === name)?.backlog ?? null
  const [read, unread] = [backlog('read'), backlog('unread')]
  return [
    ...(messagesIn === null || messagesIn === acknowledged
      ? []
      : [`${acknowledged} messages in, got ${messagesIn}`]),
    ...(storageBytes === 0 ? ['bytes in store, got none'] : []),
    ...(read === null || read === 0 ? [] : [`no backlog where all is acknowledged, got ${read}`]),
    ...(unread === 0 && redelivers ? ['a backlog where nothing is acknowledged, got none'] : []),
  ]
}

/** What the broker itself counts, where the driver asks it. */
export const figureChecks: readonly ConformanceCheck[] = [
  {
    name: "the broker's own figures fit what was published and acknowledged",
    appliesTo: (capabilities) => capabilities.subscriptions,
    async run(session) {
      const driver = await session.open()
      if (driver.topicFigures === undefined) return
      const published = await publishAndRead(session)
      const { clock, timeoutMs } = session.subject
      const endUs = clock.nowUs() + timeoutMs * 1000 * COUNTING_SHARE
      for (;;) {
        const figures = await driver.topicFigures([published.topic], session.signal)
        const found = misfits(figures, published, session.capabilities.redelivers)
        if (found.length === 0) return
        if (clock.nowUs() > endUs) fail(`expected ${found.join('; ')}`)
        await clock.sleep(POLL_MS, session.signal)
      }
    },
  },
]
