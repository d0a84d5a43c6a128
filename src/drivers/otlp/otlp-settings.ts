import type { Acknowledger, Guarantees, ServerInfo, Terms } from '../../driver/driver.ts'
import type { OtlpConfig } from './otlp-config.ts'
import { authorityOf, type Endpoints } from './otlp-endpoints.ts'

type Answer = OtlpConfig['answerMeans']

const ANSWERS: Readonly<Record<Answer, string>> = {
  accepted: 'accepted in memory: a crash loses what was acknowledged',
  stored: 'accepted into a queue on disk',
  delivered: 'the upstream has answered',
}
const ACKNOWLEDGERS: Readonly<Record<Answer, Acknowledger>> = {
  accepted: 'memory',
  stored: 'one copy',
  delivered: 'receiver',
}

/** What a reader of the result must know of this side. The server says nothing of itself: OTLP has no request for it. */
export function otlpServerInfo(config: OtlpConfig, endpoints: Endpoints): ServerInfo {
  const transport = config.client === 'http' ? 'OTLP/HTTP' : 'OTLP/gRPC'
  return {
    version: 'unknown',
    client: `bench ${transport}`,
    settings: {
      transport: `${transport}, ${config.compression === 'none' ? 'not compressed' : config.compression}`,
      'a message is': config.item === 'log' ? 'a log record' : 'a span',
      'requests under way': `at most ${config.connections} for each worker process`,
      'refused requests':
        config.retryForMs === 0 ? 'count as rejected' : `tried again for ${config.retryForMs} ms`,
      acknowledgement: ANSWERS[config.answerMeans],
      'must be masked': config.maskedAttributes.join(', ') || 'nothing',
      sink: `http ${authorityOf(endpoints.sinkHttp)}, grpc ${authorityOf(endpoints.sinkGrpc)}`,
    },
    notes: notesOf(config),
    guarantees: otlpGuarantees(config),
    terms: otlpTerms(config, endpoints),
  }
}

/** A gateway keeps no copy, unless its queue is on disk; whether that is flushed, it does not tell. */
export function otlpGuarantees({ answerMeans }: Pick<OtlpConfig, 'answerMeans'>): Guarantees {
  if (answerMeans === 'stored') return { copies: 1, copiesAtAck: 1 }
  return { copies: 0, copiesAtAck: 0, syncedAtAck: false }
}

function otlpTerms(config: OtlpConfig, { targets }: Endpoints): Terms {
  return {
    acknowledgedBy: ACKNOWLEDGERS[config.answerMeans],
    deduplicates: false,
    batching: {
      lingerMs: config.lingerMs,
      maxMessages: config.batchMessages,
      maxBytes: config.batchBytes,
    },
    compression: config.compression,
    consumerAcks: 'the answer to each request',
    hosts: targets.map(authorityOf),
  }
}

function notesOf(config: OtlpConfig): string[] {
  const notes = [
    'a message is one record of a batched request, and the answer to the request acknowledges all of them',
    'OTLP knows no partitions and no order; consumers are the servers behind the system and share its exports',
  ]
  if (config.answerMeans === 'accepted')
    notes.push(
      'an acknowledgement means accepted in memory, before a queue that is not on disk: unlike a broker that stores, it may be lost in a crash, and an export tried again may come twice',
    )
  if (config.maskedAttributes.length > 0)
    notes.push(
      `the sink checks that ${config.maskedAttributes.join(', ')} came masked; a record on which it did not breaks integrity`,
    )
  return notes
}
