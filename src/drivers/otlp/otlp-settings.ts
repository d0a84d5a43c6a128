import type { ServerInfo } from '../../driver/driver.ts'
import type { OtlpConfig } from './otlp-config.ts'
import { authorityOf, type Endpoints } from './otlp-endpoints.ts'

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
      acknowledgement:
        config.answerMeans === 'accepted'
          ? 'accepted in memory: a crash loses what was acknowledged'
          : 'the upstream has answered',
      'must be masked': config.maskedAttributes.join(', ') || 'nothing',
      sink: `http ${authorityOf(endpoints.sinkHttp)}, grpc ${authorityOf(endpoints.sinkGrpc)}`,
    },
    notes: notesOf(config),
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
