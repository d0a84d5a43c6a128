import { decodeResponse, type PartialSuccess } from '../../src/otlp/response.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import type { Meter } from '../contracts.ts'
import type { Log } from '../telemetry/log.ts'

/**
 * Reads the bodies of successful answers. An upstream may take a request and refuse some of its records (OTLP specification,
 * "Partial Success"): those must not be sent again, so they are counted, and a sender that still waits is told. The
 * upstream's own words are not logged, because they may quote the data. Gives null for full success.
 */
export function createPartialSuccessReader(
  meter: Meter,
  signal: Signal,
  log: Log,
): (body: Uint8Array) => PartialSuccess | null {
  const rejected = meter.counter(
    'gateway_upstream_rejected_records_total',
    'Spans, data points or log records that the upstream refused of requests it took (partial success)',
    { signal },
  )
  return (body) => {
    const answer = decodeResponse(body)
    if (answer === null) {
      log('upstream answer not readable', { signal, answerBytes: body.length })
      return null
    }
    if (answer.partial === null) return null
    const records = Math.max(0, answer.partial.rejected)
    rejected.add(records)
    log('upstream took a request in part', { signal, rejectedRecords: records })
    return { rejected: records, message: answer.partial.message }
  }
}
