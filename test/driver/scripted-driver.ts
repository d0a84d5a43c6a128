import type { ConsumerSpec, Driver, ProducerSpec } from '../../src/driver/driver.ts'
import { fakeCapabilities } from '../../src/driver/fake/options.ts'

/** A driver that does nothing but what a test tells it to, and notes what it was asked. */
export interface ScriptedDriver {
  readonly driver: Driver
  /** Method names in the order of their calls. */
  readonly calls: string[]
  /** What the guard gave to the driver. */
  producerSpec: ProducerSpec | null
  consumerSpec: ConsumerSpec | null
  /** How many messages `send` takes; by default all. */
  accept: (offered: number) => number
  /** What an operation waits for; by default nothing. */
  hold: (method: string, signal: AbortSignal) => Promise<void>
}

/** Ready to be guarded. */
export function scriptedDriver(): ScriptedDriver {
  const step = async (method: string, signal: AbortSignal) => {
    script.calls.push(method)
    await script.hold(method, signal)
  }
  const script: ScriptedDriver = {
    calls: [],
    producerSpec: null,
    consumerSpec: null,
    accept: (offered) => offered,
    hold: async () => {},
    driver: {
      capabilities: fakeCapabilities('log'),
      async open(signal) {
        await step('open', signal)
        return { version: '1', settings: {}, client: 'scripted', notes: [] }
      },
      createTopics: (_topics, signal) => step('createTopics', signal),
      deleteTopics: (_topics, signal) => step('deleteTopics', signal),
      async createProducer(spec, signal) {
        script.producerSpec = spec
        await step('createProducer', signal)
        return {
          send: (batch) => script.accept(batch.count),
          flush() {
            script.calls.push('flush')
          },
          close: (closeSignal) => step('producer.close', closeSignal),
        }
      },
      async createConsumer(spec, signal) {
        script.consumerSpec = spec
        await step('createConsumer', signal)
        return {
          pause: () => void script.calls.push('pause'),
          resume: () => void script.calls.push('resume'),
          close: (closeSignal) => step('consumer.close', closeSignal),
        }
      },
      close: (signal) => step('close', signal),
    },
  }
  return script
}
