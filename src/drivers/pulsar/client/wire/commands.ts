import type { Buffer } from 'node:buffer'
import { simpleFrame } from './frame.ts'
import { ProtoWriter } from './proto-writer.ts'

// BaseCommand = type 1, then one sub-command whose field number equals its type number.

/** Type numbers of the commands that are written or read here. */
export const TYPE = {
  CONNECT: 2,
  CONNECTED: 3,
  SUBSCRIBE: 4,
  PRODUCER: 5,
  SEND: 6,
  SEND_RECEIPT: 7,
  SEND_ERROR: 8,
  MESSAGE: 9,
  ACK: 10,
  FLOW: 11,
  UNSUBSCRIBE: 12,
  SUCCESS: 13,
  ERROR: 14,
  CLOSE_PRODUCER: 15,
  CLOSE_CONSUMER: 16,
  PRODUCER_SUCCESS: 17,
  PING: 18,
  PONG: 19,
  REDELIVER: 20,
  PARTITIONED_METADATA: 21,
  PARTITIONED_METADATA_RESPONSE: 22,
  LOOKUP: 23,
  LOOKUP_RESPONSE: 24,
  SEEK: 28,
  AUTH_CHALLENGE: 36,
  AUTH_RESPONSE: 37,
  ACK_RESPONSE: 38,
} as const

/** Version of the protocol that is spoken here: the one of servers 2.11 to 4.x. */
export const PROTOCOL_VERSION = 19

export const SUBSCRIPTION_TYPE = { exclusive: 0, shared: 1, failover: 2, key_shared: 3 } as const
export type SubscriptionType = keyof typeof SUBSCRIPTION_TYPE

const inner = new ProtoWriter()
const outer = new ProtoWriter()

/** Wraps what is in `inner` into a BaseCommand: a view that lives until the next command is made. */
function wrap(type: number): Buffer {
  return outer.reset().number(1, type).bytes(type, inner.view()).view()
}

function frameOf(type: number): Buffer {
  return simpleFrame(wrap(type))
}

export interface Authentication {
  readonly method: string
  readonly data: Uint8Array
}

/** client_version 1, protocol_version 4, auth_method_name 5, auth_data 3, proxy_to_broker_url 6, feature_flags 10 */
export function connectFrame(
  clientVersion: string,
  authentication: Authentication | null,
  proxyTo: string | null = null,
): Buffer {
  const out = inner.reset().string(1, clientVersion)
  if (authentication !== null) out.bytes(3, authentication.data)
  out.number(4, PROTOCOL_VERSION)
  if (authentication !== null) out.string(5, authentication.method)
  if (proxyTo !== null) out.string(6, proxyTo)
  // FeatureFlags { supports_auth_refresh 1 }: the broker may ask for the token again before it expires.
  if (authentication !== null) out.bytes(10, new ProtoWriter().boolean(1, true).view())
  return frameOf(TYPE.CONNECT)
}

/** client_version 1, response 2 { auth_method_name 1, auth_data 2 }, protocol_version 3 */
export function authResponseFrame(clientVersion: string, authentication: Authentication): Buffer {
  const answer = new ProtoWriter().string(1, authentication.method).bytes(2, authentication.data).view()
  inner.reset().string(1, clientVersion).bytes(2, answer).number(3, PROTOCOL_VERSION)
  return frameOf(TYPE.AUTH_RESPONSE)
}

/** topic 1, request_id 2 */
export function partitionedMetadataFrame(topic: string, requestId: number): Buffer {
  inner.reset().string(1, topic).number(2, requestId)
  return frameOf(TYPE.PARTITIONED_METADATA)
}

/** topic 1, request_id 2, authoritative 3 */
export function lookupFrame(topic: string, requestId: number, authoritative: boolean): Buffer {
  inner.reset().string(1, topic).number(2, requestId).boolean(3, authoritative)
  return frameOf(TYPE.LOOKUP)
}

export interface ProducerRequest {
  readonly topic: string
  readonly producerId: number
  /** Empty: the broker makes one up. */
  readonly name: string
  readonly epoch: number
  readonly userProvidedName: boolean
}

/** topic 1, producer_id 2, request_id 3, producer_name 4, epoch 8, user_provided_producer_name 9 */
export function producerFrame(request: ProducerRequest, requestId: number): Buffer {
  inner.reset().string(1, request.topic).number(2, request.producerId).number(3, requestId)
  if (request.name !== '') inner.string(4, request.name)
  inner.number(8, request.epoch).boolean(9, request.userProvidedName)
  return frameOf(TYPE.PRODUCER)
}

/** producer_id 1, sequence_id 2, num_messages 3, highest_sequence_id 6. A view that lives until the next command. */
export function sendCommand(producerId: number, sequenceId: number, count: number): Buffer {
  inner.reset().number(1, producerId).number(2, sequenceId)
  if (count > 1) inner.number(3, count).number(6, sequenceId + count - 1)
  return wrap(TYPE.SEND)
}

export interface SubscribeRequest {
  readonly topic: string
  readonly subscription: string
  readonly type: SubscriptionType
  readonly consumerId: number
  readonly consumerName: string
  readonly startAt: 'earliest' | 'latest'
}

/**
 * topic 1, subscription 2, subType 3, consumer_id 4, request_id 5, consumer_name 6, durable 8, initialPosition 13
 */
export function subscribeFrame(request: SubscribeRequest, requestId: number): Buffer {
  inner
    .reset()
    .string(1, request.topic)
    .string(2, request.subscription)
    .number(3, SUBSCRIPTION_TYPE[request.type])
    .number(4, request.consumerId)
    .number(5, requestId)
    .string(6, request.consumerName)
    .boolean(8, true)
    .number(13, request.startAt === 'earliest' ? 1 : 0)
  return frameOf(TYPE.SUBSCRIBE)
}

/** consumer_id 1, messagePermits 2 */
export function flowFrame(consumerId: number, permits: number): Buffer {
  inner.reset().number(1, consumerId).number(2, permits)
  return frameOf(TYPE.FLOW)
}

/** consumer_id 1, ack_type 2, message_id 3 repeated, request_id 8. The ids are MessageIdData as they came. */
export function ackFrame(
  consumerId: number,
  cumulative: boolean,
  messageIds: readonly Uint8Array[],
  requestId?: number,
): Buffer {
  inner
    .reset()
    .number(1, consumerId)
    .number(2, cumulative ? 1 : 0)
  for (const id of messageIds) inner.bytes(3, id)
  inner.optional(8, requestId)
  return frameOf(TYPE.ACK)
}

/** consumer_id 1, message_ids 2 repeated; none = everything that is unacknowledged. */
export function redeliverFrame(consumerId: number, messageIds: readonly Uint8Array[]): Buffer {
  inner.reset().number(1, consumerId)
  for (const id of messageIds) inner.bytes(2, id)
  return frameOf(TYPE.REDELIVER)
}

/** Where to go: the id of a message, or the first one published at or after an instant. */
export type SeekTarget = { readonly messageId: Uint8Array } | { readonly publishTimeMs: number }

/** consumer_id 1, request_id 2, message_id 3, message_publish_time 4 */
export function seekFrame(consumerId: number, target: SeekTarget, requestId: number): Buffer {
  inner.reset().number(1, consumerId).number(2, requestId)
  if ('messageId' in target) inner.bytes(3, target.messageId)
  else inner.number(4, target.publishTimeMs)
  return frameOf(TYPE.SEEK)
}

/** CLOSE_PRODUCER, CLOSE_CONSUMER and UNSUBSCRIBE: id 1, request_id 2 */
export function endFrame(
  type: typeof TYPE.CLOSE_PRODUCER | typeof TYPE.CLOSE_CONSUMER | typeof TYPE.UNSUBSCRIBE,
  id: number,
  requestId: number,
): Buffer {
  inner.reset().number(1, id).number(2, requestId)
  return frameOf(type)
}

/** PING and PONG are empty. */
export function emptyFrame(type: typeof TYPE.PING | typeof TYPE.PONG): Buffer {
  inner.reset()
  return frameOf(type)
}
