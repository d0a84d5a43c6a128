import type { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { TYPE } from './commands.ts'
import { ProtoReader } from './proto-reader.ts'

/** An answer to a request. */
export interface Answer {
  readonly type: 'answer'
  /** The command's type number. */
  readonly of: number
  readonly requestId: number
  /** ServerError code with the broker's words; null = granted. */
  readonly error: { readonly code: number; readonly words: string } | null
  /** PRODUCER_SUCCESS: the producer's name, the last sequence id that is stored (−1 = none), and whether it may send. */
  readonly producerName: string
  readonly lastSequenceId: number
  readonly producerReady: boolean
  /** PARTITIONED_METADATA_RESPONSE; 0 = the topic has no partitions. */
  readonly partitions: number
  /** LOOKUP_RESPONSE. */
  readonly redirect: boolean
  readonly authoritative: boolean
  readonly url: string
  readonly tlsUrl: string
  readonly throughProxy: boolean
}

/** What a broker says. */
export type BrokerCommand =
  | Answer
  | { readonly type: 'connected'; readonly serverVersion: string; readonly maxMessageBytes: number }
  | {
      readonly type: 'message'
      readonly consumerId: number
      /** MessageIdData as it came: to be echoed. A view of the frame. */
      readonly messageId: Buffer
      readonly redeliveryCount: number
      /** Bits of the batch's messages that are still wanted; null = all. */
      readonly ackSet: readonly bigint[] | null
    }
  | { readonly type: 'receipt'; readonly producerId: number; readonly sequenceId: number }
  | {
      readonly type: 'send-error'
      readonly producerId: number
      readonly sequenceId: number
      readonly code: number
      readonly words: string
    }
  /** The broker gives up a producer or consumer; the topic may be served elsewhere by now. */
  | { readonly type: 'close-producer' | 'close-consumer'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'auth-challenge' }
  /** Of no interest here. */
  | { readonly type: 'other'; readonly number: number }

/** Decodes the BaseCommand in `buffer[start … end)`. */
export function readCommand(buffer: Buffer, start: number, end: number): BrokerCommand {
  const reader = new ProtoReader(buffer, start, end)
  let type = -1
  let field = reader.next()
  let innerField = -1
  let innerStart = end
  let innerEnd = end
  for (; field !== 0; field = reader.next()) {
    if (field === 1) {
      type = reader.number()
      continue
    }
    innerField = field
    innerEnd = reader.at
    const size = reader.sized()
    innerStart = reader.at - size
    innerEnd = reader.at
  }
  if (type < 0) throw protocolError('expected a command with a type')
  if (innerField !== type) {
    if (type === TYPE.PING) return { type: 'ping' }
    if (type === TYPE.PONG) return { type: 'pong' }
    throw protocolError(`expected a command of type ${type} to have field ${type}`)
  }
  return readInner(type, new ProtoReader(buffer, innerStart, innerEnd))
}

function readInner(type: number, reader: ProtoReader): BrokerCommand {
  switch (type) {
    case TYPE.MESSAGE:
      return readMessageCommand(reader)
    case TYPE.SEND_RECEIPT:
    case TYPE.SEND_ERROR:
      return readSendAnswer(type, reader)
    case TYPE.CONNECTED:
      return readConnected(reader)
    case TYPE.CLOSE_PRODUCER:
    case TYPE.CLOSE_CONSUMER:
      return {
        type: type === TYPE.CLOSE_PRODUCER ? 'close-producer' : 'close-consumer',
        id: firstNumber(reader),
      }
    case TYPE.PING:
      return { type: 'ping' }
    case TYPE.PONG:
      return { type: 'pong' }
    case TYPE.AUTH_CHALLENGE:
      return { type: 'auth-challenge' }
    default: {
      const layout = ANSWERS[type]
      return layout === undefined ? { type: 'other', number: type } : readAnswer(type, layout, reader)
    }
  }
}

/** consumer_id 1, message_id 2, redelivery_count 3, ack_set 4 (repeated int64, packed or not) */
function readMessageCommand(reader: ProtoReader): BrokerCommand {
  let consumerId = -1
  let messageId: Buffer | null = null
  let redeliveryCount = 0
  let ackSet: bigint[] | null = null
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) consumerId = reader.number()
    else if (field === 2) messageId = reader.bytes()
    else if (field === 3) redeliveryCount = reader.number()
    else if (field === 4) {
      ackSet ??= []
      if (reader.packed) {
        const words = reader.message()
        while (words.at < words.end) ackSet.push(words.raw64())
      } else ackSet.push(reader.bits64())
    } else reader.skip()
  }
  if (messageId === null) throw protocolError('expected a delivery with a message id')
  return { type: 'message', consumerId, messageId, redeliveryCount, ackSet }
}

/** SEND_RECEIPT: producer_id 1, sequence_id 2. SEND_ERROR: the same, error 3, message 4 */
function readSendAnswer(type: number, reader: ProtoReader): BrokerCommand {
  let producerId = -1
  let sequenceId = -1
  let code = 0
  let words = ''
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) producerId = reader.number()
    else if (field === 2) sequenceId = reader.number()
    else if (field === 3 && type === TYPE.SEND_ERROR) code = reader.number()
    else if (field === 4 && type === TYPE.SEND_ERROR) words = reader.string()
    else reader.skip()
  }
  if (type === TYPE.SEND_RECEIPT) return { type: 'receipt', producerId, sequenceId }
  return { type: 'send-error', producerId, sequenceId, code, words }
}

/** server_version 1, protocol_version 2, max_message_size 3 */
function readConnected(reader: ProtoReader): BrokerCommand {
  let serverVersion = ''
  let maxMessageBytes = 0
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) serverVersion = reader.string()
    else if (field === 3) maxMessageBytes = reader.number()
    else reader.skip()
  }
  return { type: 'connected', serverVersion, maxMessageBytes }
}

function firstNumber(reader: ProtoReader): number {
  let value = -1
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value = reader.number()
    else reader.skip()
  }
  return value
}

type Key =
  | 'requestId'
  | 'code'
  | 'words'
  | 'producerName'
  | 'lastSequenceId'
  | 'producerReady'
  | 'partitions'
  | 'response'
  | 'authoritative'
  | 'url'
  | 'tlsUrl'
  | 'throughProxy'

const TEXTS: ReadonlySet<Key> = new Set<Key>(['words', 'producerName', 'url', 'tlsUrl'])

/** Field numbers of the answers. */
const ANSWERS: Readonly<Record<number, Readonly<Record<number, Key>>>> = {
  [TYPE.SUCCESS]: { 1: 'requestId' },
  [TYPE.ERROR]: { 1: 'requestId', 2: 'code', 3: 'words' },
  [TYPE.PRODUCER_SUCCESS]: { 1: 'requestId', 2: 'producerName', 3: 'lastSequenceId', 6: 'producerReady' },
  [TYPE.ACK_RESPONSE]: { 4: 'code', 5: 'words', 6: 'requestId' },
  [TYPE.PARTITIONED_METADATA_RESPONSE]: {
    1: 'partitions',
    2: 'requestId',
    3: 'response',
    4: 'code',
    5: 'words',
  },
  [TYPE.LOOKUP_RESPONSE]: {
    1: 'url',
    2: 'tlsUrl',
    3: 'response',
    4: 'requestId',
    5: 'authoritative',
    6: 'code',
    7: 'words',
    8: 'throughProxy',
  },
}

function readAnswer(type: number, layout: Readonly<Record<number, Key>>, reader: ProtoReader): Answer {
  const numbers: Partial<Record<Key, number>> = {}
  const texts: Partial<Record<Key, string>> = {}
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const key = layout[field]
    if (key === undefined) reader.skip()
    else if (TEXTS.has(key)) texts[key] = reader.string()
    else numbers[key] = reader.number()
  }
  return {
    type: 'answer',
    of: type,
    requestId: numbers.requestId ?? -1,
    error: failed(type, numbers) ? { code: numbers.code ?? 0, words: texts.words ?? '' } : null,
    producerName: texts.producerName ?? '',
    lastSequenceId: numbers.lastSequenceId ?? -1,
    producerReady: numbers.producerReady !== 0,
    partitions: numbers.partitions ?? 0,
    redirect: type === TYPE.LOOKUP_RESPONSE && numbers.response === 0,
    authoritative: numbers.authoritative === 1,
    url: texts.url ?? '',
    tlsUrl: texts.tlsUrl ?? '',
    throughProxy: numbers.throughProxy === 1,
  }
}

/** Lookup answers 2 for failed (0 redirect, 1 connect), partitioned metadata 1 (0 success); others have an error or none. */
function failed(type: number, numbers: Partial<Record<Key, number>>): boolean {
  if (type === TYPE.LOOKUP_RESPONSE) return numbers.response === 2
  if (type === TYPE.PARTITIONED_METADATA_RESPONSE) return numbers.response === 1
  return type === TYPE.ERROR || numbers.code !== undefined
}
