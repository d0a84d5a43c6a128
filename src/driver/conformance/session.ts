import { randomInt } from 'node:crypto'
import { AppError, messageOf } from '../../errors/app-error.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Driver, TopicSpec } from '../driver.ts'
import { guardDriver } from '../guard.ts'
import { type ConformanceCheck, type ConformanceHints, type ConformanceSubject, hintsOf } from './subject.ts'
import { type TestConsumer, type TestConsumerOptions, testConsumers } from './test-consumer.ts'
import { type TestProducer, testProducer } from './test-producer.ts'

/** What one check works with; all that it makes is removed when it ends. */
export interface Session {
  readonly subject: ConformanceSubject
  readonly capabilities: Capabilities
  readonly hints: Required<ConformanceHints>
  /** Aborts when the check has used up its time. */
  readonly signal: AbortSignal
  /** A fresh guarded driver, opened. */
  open(): Promise<Driver>
  /** A fresh guarded driver, not opened. */
  create(): Driver
  /** A fresh driver without the guard, not opened: for what the guard would answer itself. */
  createUnguarded(): Driver
  /** Makes a topic with as many partitions as the hints say, or one where there is no choice. */
  topic(driver: Driver, subscriptions?: readonly string[], partitions?: number): Promise<TopicSpec>
  consumer(driver: Driver, topic: TopicSpec, options?: TestConsumerOptions): Promise<TestConsumer>
  /** All consumers of one subscription, created at the same time. */
  consumers(
    driver: Driver,
    topic: TopicSpec,
    count: number,
    options?: TestConsumerOptions,
  ): Promise<readonly TestConsumer[]>
  producer(driver: Driver, topic: TopicSpec): Promise<TestProducer>
  /** Polls until the condition holds; fails with `what` when the time is up. */
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>
  /** Lets the system speak up: resolves after the quiet time. */
  quiet(): Promise<void>
  /** Fails when the promise has not ended within the limit; passes on how it ended. */
  ends<T>(what: string, promise: Promise<T>, limitMs?: number): Promise<PromiseSettledResult<T>>
}

const POLL_MS = 5
/** Waits end before the check does, so that it fails with what it waited for. */
const WAIT_SHARE = 0.8
/** Part of a check's time that is kept for cleaning up. */
const CLEANUP_MS = 10_000

/** Fails a check with a sentence. */
export function fail(sentence: string): never {
  throw new AppError('CONTRACT', sentence)
}

/** Fails a check unless the condition holds. */
export function expect(condition: boolean, sentence: string): asserts condition {
  if (!condition) fail(sentence)
}

/**
 * Runs one check with drivers of its own under the guard and removes what it made. Rejects with the check's sentence,
 * with what the guard saw, or when the time is up.
 */
export async function runCheck(check: ConformanceCheck, subject: ConformanceSubject): Promise<void> {
  const breaches: string[] = []
  const drivers: Driver[] = []
  const topics: TopicSpec[] = []
  const limit = new AbortController()
  const timer = subject.clock.schedule(subject.timeoutMs, () => {
    limit.abort(new AppError('CONTRACT', `expected "${check.name}" to end within ${subject.timeoutMs} ms`))
  })
  const session = createSession(subject, limit.signal, drivers, topics, breaches)
  try {
    await orAbort(check.run(session), limit.signal)
  } catch (error) {
    fail([messageOf(error), ...breaches].join('; '))
  } finally {
    timer.cancel()
    await cleanUp(subject, drivers, topics)
  }
  if (breaches.length > 0) fail(['expected no breach of the contract', ...breaches].join('; '))
}

function createSession(
  subject: ConformanceSubject,
  signal: AbortSignal,
  drivers: Driver[],
  topics: TopicSpec[],
  breaches: string[],
): Session {
  const { clock, capabilities } = subject
  const hints = hintsOf(subject)
  const waitsEndUs = clock.nowUs() + subject.timeoutMs * 1000 * WAIT_SHARE
  const create = () => {
    const driver = guardDriver(subject.create(), (sentence) => breaches.push(sentence))
    drivers.push(driver)
    return driver
  }
  const session: Session = {
    subject,
    capabilities,
    hints,
    signal,
    create,
    createUnguarded() {
      const driver = subject.create()
      drivers.push(driver)
      return driver
    },
    async open() {
      const driver = create()
      await driver.open(signal)
      return driver
    },
    async topic(driver, subscriptions = ['sub-1'], partitions = hints.partitions) {
      const made = {
        name: subject.makeTopicName(),
        partitions: capabilities.partitions === 'none' ? 1 : partitions,
        subscriptions,
      }
      await driver.createTopics([made], signal)
      topics.push(made)
      return made
    },
    async consumer(driver, topic, options) {
      const [consumer] = await testConsumers(session, driver, topic, 1, options)
      return consumer!
    },
    consumers: (driver, topic, count, options) => testConsumers(session, driver, topic, count, options),
    producer: (driver, topic) => testProducer(session, driver, topic),
    async until(what, condition, limitMs = subject.timeoutMs) {
      const endUs = Math.min(clock.nowUs() + limitMs * 1000, waitsEndUs)
      while (!condition()) {
        if (breaches.length > 0) fail('expected no breach of the contract')
        if (clock.nowUs() > endUs || signal.aborted) fail(`expected ${what}, waited in vain`)
        await clock.sleep(POLL_MS)
      }
    },
    quiet: () => clock.sleep(hints.quietMs, signal),
    async ends(what, promise, limitMs = subject.timeoutMs / 2) {
      let ended: PromiseSettledResult<Awaited<typeof promise>> | undefined
      Promise.allSettled([promise]).then(([result]) => {
        ended = result
      }, fail)
      await session.until(`${what} to end`, () => ended !== undefined, limitMs)
      return ended!
    },
  }
  return session
}

/** Closes every driver and deletes every topic, each within a limit; failures here are no finding about the check. */
async function cleanUp(
  subject: ConformanceSubject,
  drivers: readonly Driver[],
  topics: readonly TopicSpec[],
) {
  const limit = new AbortController()
  const timer = subject.clock.schedule(Math.min(CLEANUP_MS, subject.timeoutMs), () => limit.abort())
  try {
    await orAbort(Promise.allSettled(drivers.map((driver) => driver.close(limit.signal))), limit.signal)
    if (topics.length === 0) return
    const janitor = subject.create()
    await orAbort(janitor.open(limit.signal), limit.signal)
    await orAbort(janitor.deleteTopics(topics, limit.signal), limit.signal)
    await orAbort(janitor.close(limit.signal), limit.signal)
  } catch {
    // What is left behind has a name of its own and disturbs no other check.
  } finally {
    timer.cancel()
  }
}

/** Ends with the promise, or rejects when the signal aborts: a driver that hangs must not hang the suite. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, (error) => reject(error instanceof Error ? error : new Error(messageOf(error))))
  })
}

/** A number for names that must differ between runs against one server. */
export function randomSuffix(): string {
  return randomInt(2 ** 31).toString(36)
}
