import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { EncodedHistogram } from './types.ts'

/**
 * The histogram as hdr-histogram-js knows it (64-bit counters), for percentile tables and interval logs. A file of its
 * own: loading that library takes 20 ms, which neither a worker nor a summary needs to pay.
 */
export function decodeHistogram(encoded: EncodedHistogram): Histogram {
  return decodeFromCompressedBase64(encoded.hdr, 64)
}
