import type { Buffer } from 'node:buffer'
import type { Entry } from './entry.ts'
import { ProtoReader } from './proto-reader.ts'

/** What its producer says of a message, beyond value and key. */
export interface MessageDetails {
  readonly producerName: string
  readonly sequenceId: number
  /** Of its batch, if it is in one. */
  readonly publishTimeMs: number
  /** Given by the application; 0 = not given. */
  readonly eventTimeMs: number
  /** Comes before the key where key-shared subscriptions choose a consumer. */
  readonly orderingKey: Buffer | null
  readonly properties: ReadonlyMap<string, string>
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Details = Mutable<MessageDetails> & { properties: Map<string, string> }

/** Reads them when asked for: few applications do. Throws a `protocol error` where they are damaged. */
export function readDetails(entry: Entry, place: number): MessageDetails {
  const details: Details = {
    producerName: '',
    sequenceId: 0,
    publishTimeMs: 0,
    eventTimeMs: 0,
    orderingKey: null,
    properties: new Map(),
  }
  readOfEntry(new ProtoReader(entry.frame, entry.metadataStart, entry.metadataEnd), details)
  if (entry.batchStart < 0) return details
  details.orderingKey = null
  details.properties.clear()
  const before = place === 0 ? entry.batchStart : entry.ends[place - 1]!
  readOfSingle(new ProtoReader(entry.buffer, before + 4, entry.starts[place]!), details)
  return details
}

/** MessageMetadata; see metadata.ts. */
function readOfEntry(reader: ProtoReader, details: Details): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) details.producerName = reader.string()
    else if (field === 2) details.sequenceId = reader.number()
    else if (field === 3) details.publishTimeMs = reader.number()
    else if (field === 4) readProperty(reader.message(), details.properties)
    else if (field === 12) details.eventTimeMs = reader.number()
    else if (field === 18) details.orderingKey = reader.bytes()
    else reader.skip()
  }
}

/** SingleMessageMetadata; see batch.ts. What it says goes before what the entry says. */
function readOfSingle(reader: ProtoReader, details: Details): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) readProperty(reader.message(), details.properties)
    else if (field === 5) details.eventTimeMs = reader.number()
    else if (field === 7) details.orderingKey = reader.bytes()
    else if (field === 8) details.sequenceId = reader.number()
    else reader.skip()
  }
}

/** KeyValue = key 1, value 2 */
function readProperty(reader: ProtoReader, properties: Map<string, string>): void {
  let name = ''
  let value = ''
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = reader.string()
    else if (field === 2) value = reader.string()
    else reader.skip()
  }
  properties.set(name, value)
}
