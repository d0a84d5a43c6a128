import { AppError } from '../errors/app-error.ts'
import type { Consumer, Driver, Producer, TopicSpec } from './driver.ts'
import { breachLog } from './guard/breaches.ts'
import { guardConsumer } from './guard/guard-consumer.ts'
import { guardProducer } from './guard/guard-producer.ts'

type State = 'new' | 'opening' | 'open' | 'closing' | 'closed'

interface Closable {
  close(signal: AbortSignal): Promise<void>
}

/**
 * Wraps a driver so that life-cycle mistakes are impossible and breaches of its contract are seen.
 *
 * Mistakes of the caller throw `AppError('CONTRACT')`: opening twice, use before `open` or after `close`, `send` after
 * close, reading a batch after its callback. A failed `open` may be tried again. `close` is idempotent, allowed at any
 * time, aborts what is under way, and closes every producer and consumer that is still open, producers first.
 *
 * Breaches of the driver go to `onBreach` as sentences, each kind once, and are repaired so that the engine's books
 * balance: what was never settled is settled as `unknown`, what is settled twice or unknown is dropped, what is settled
 * early is settled right after `send`. The cost is constant per batch (one wrapper object per delivered batch).
 */
export function guardDriver(driver: Driver, onBreach: (sentence: string) => void): Driver {
  const breaches = breachLog(onBreach)
  const abort = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  const producers = new Set<Closable>()
  const consumers = new Set<Closable>()
  let state: State = 'new'
  let touched = false
  let closing: Promise<void> | null = null

  /** Runs one operation so that `close` can abort it and wait for its end. */
  async function run<T>(signal: AbortSignal, operation: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const both = AbortSignal.any([signal, abort.signal])
    const promise = (async () => operation(both))()
    underWay.add(promise)
    try {
      return await promise
    } finally {
      underWay.delete(promise)
    }
  }

  function requireOpen(what: string): void {
    if (state !== 'open') throw wrongState(what, 'an open driver', state)
  }

  /** Something made while the driver was being closed belongs to nobody: it is closed at once. */
  async function keep<T extends Closable>(set: Set<Closable>, made: T, what: string): Promise<T> {
    if (state === 'open') {
      set.add(made)
      return made
    }
    await made.close(abort.signal)
    throw wrongState(what, 'an open driver', state)
  }

  async function closeAll(signal: AbortSignal): Promise<void> {
    state = 'closing'
    abort.abort(new AppError('CONTRACT', 'the driver was closed'))
    const failures: unknown[] = []
    const gather = (results: readonly PromiseSettledResult<unknown>[]) => {
      for (const result of results) if (result.status === 'rejected') failures.push(result.reason)
    }
    await untilAborted(Promise.allSettled(underWay), signal)
    gather(await Promise.allSettled([...producers].map((producer) => producer.close(signal))))
    gather(await Promise.allSettled([...consumers].map((consumer) => consumer.close(signal))))
    if (touched) gather(await Promise.allSettled([driver.close(signal)]))
    state = 'closed'
    breaches.finish()
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} parts failed to close`)
  }

  return {
    capabilities: driver.capabilities,
    async open(signal) {
      if (state !== 'new') throw wrongState('open', 'a driver that was never opened', state)
      state = 'opening'
      touched = true
      try {
        const info = await run(signal, (both) => driver.open(both))
        if (state !== 'opening') throw wrongState('open', 'no close meanwhile', state)
        state = 'open'
        return info
      } catch (error) {
        if (state === 'opening') state = 'new'
        throw error
      }
    },
    async createTopics(topics, signal) {
      requireOpen('createTopics')
      await run(signal, (both) => driver.createTopics(topics, both))
    },
    async deleteTopics(topics, signal) {
      requireOpen('deleteTopics')
      await run(signal, (both) => driver.deleteTopics(topics, both))
    },
    ...(driver.topicTerms !== undefined && {
      async topicTerms(topics: readonly TopicSpec[], signal: AbortSignal) {
        requireOpen('topicTerms')
        return run(signal, (both) => driver.topicTerms!(topics, both))
      },
    }),
    ...(driver.topicFigures !== undefined && {
      async topicFigures(topics: readonly TopicSpec[], signal: AbortSignal) {
        requireOpen('topicFigures')
        return run(signal, (both) => driver.topicFigures!(topics, both))
      },
    }),
    async createProducer(spec, signal) {
      requireOpen('createProducer')
      return run(signal, async (both) => {
        let producer: Producer | null = null
        const guard = guardProducer(spec, breaches, () => producers.delete(producer!))
        producer = guard.wrap(await driver.createProducer(guard.spec, both))
        return keep(producers, producer, 'createProducer')
      })
    },
    async createConsumer(spec, signal) {
      requireOpen('createConsumer')
      return run(signal, async (both) => {
        let consumer: Consumer | null = null
        const guard = guardConsumer(spec, breaches, () => consumers.delete(consumer!))
        consumer = guard.wrap(await driver.createConsumer(guard.spec, both))
        return keep(consumers, consumer, 'createConsumer')
      })
    },
    close(signal) {
      closing ??= closeAll(signal)
      return closing
    },
  }
}

function wrongState(what: string, expected: string, state: State): AppError {
  return new AppError('CONTRACT', `expected ${expected} for ${what}, got one that is ${state}`)
}

/** Waits for `promise`, but not longer than until `signal` aborts. */
async function untilAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  let stop = () => {}
  const aborted = new Promise<void>((resolve) => {
    stop = resolve
    signal.addEventListener('abort', stop, { once: true })
  })
  await Promise.race([promise, aborted])
  signal.removeEventListener('abort', stop)
}
