import type { Consumer, ConsumerSpec, IncomingBatch } from '../../driver/driver.ts'
import { createRecordReader, type RecordView } from '../../otlp/records.ts'
import { notMasked, type OtlpConfig } from './otlp-config.ts'
import { signalOf } from './otlp-items.ts'
import type { Sink } from './otlp-sink.ts'

/** A consumer as the sink sees it. */
export interface OtlpReceiver {
  /** Created and not paused. */
  isReady(): boolean
  /** Takes a request of its topic's records; false when a part of it was malformed. */
  receive(request: Uint8Array): boolean
}

const NOTHING = new Uint8Array(0)

/** Joins the sink; ready once it listens. */
export async function createOtlpConsumer(
  spec: ConsumerSpec,
  config: OtlpConfig,
  sink: Sink,
): Promise<Consumer> {
  const reader = createRecordReader({
    signal: signalOf(config),
    messageAttribute: config.item === 'span' ? config.messageAttribute : null,
    attributes: config.maskedAttributes,
  })
  const originals = config.maskedAttributes.map((name) => Buffer.from(String(config.attributes[name])))
  const kinds = config.maskedAttributes.map(notMasked)
  let isStarted = false
  let isPaused = false
  let isClosed = false
  let messages: Uint8Array[] = []

  function visit(record: RecordView): void {
    const message = record.message()
    if (message === null) spec.onError('record without its message')
    // The engine counts what it cannot read as corrupted.
    messages.push(message ?? NOTHING)
    for (let i = 0; i < originals.length; i++) {
      const value = record.attribute(i)
      if (value !== null && holds(value, originals[i]!)) spec.onError(kinds[i]!)
    }
  }

  const receiver: OtlpReceiver = {
    isReady: () => isStarted && !isPaused && !isClosed,
    receive(request) {
      messages = []
      const malformed = reader.read(request, visit)
      if (messages.length > 0) spec.onBatch(new RecordBatch(messages))
      if (malformed !== null) spec.onError('malformed request')
      return malformed === null
    },
  }

  await sink.join(spec.topic, receiver)
  // Only when our caller has learned that it is ready.
  setImmediate(() => {
    isStarted = true
    sink.resumed()
  })
  return {
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      sink.resumed()
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await sink.leave(spec.topic, receiver)
    },
  }
}

/** Whether a masked value still shows what it was. */
function holds(value: Uint8Array, original: Buffer): boolean {
  if (value.length < original.length) return false
  return Buffer.from(value.buffer, value.byteOffset, value.length).includes(original)
}

/** The messages of one part of a request. The sink's answer is the acknowledgement. */
class RecordBatch implements IncomingBatch {
  readonly count: number
  readonly #messages: readonly Uint8Array[]

  constructor(messages: readonly Uint8Array[]) {
    this.count = messages.length
    this.#messages = messages
  }

  value(index: number): Uint8Array {
    return this.#messages[index]!
  }

  partition(): number {
    return -1
  }

  redelivered(): boolean {
    return false
  }

  acknowledge(): void {}
}
