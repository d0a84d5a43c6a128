import {
  decodeFetchResponse,
  encodeFetchRequest,
  FETCH_VERSION,
} from '../../../src/drivers/kafka/wire/fetch.ts'
import { type BatchFacts, scanRecords } from '../../../src/drivers/kafka/wire/record-scan.ts'

const LIMITS = { maxWaitMs: 500, minBytes: 1, maxBytes: 50_000_000, maxBytesPerPartition: 50_000_000 }

/** The record batches of a partition as they lie on the broker, read by a request of our own. */
export async function rawBatches(server: string, topic: string, partition = 0): Promise<BatchFacts[]> {
  const library = await import('@platformatic/kafka')
  const connection = new library.Connection('raw-log')
  const [host = '', port = ''] = server.split(':')
  await connection.connect(host, Number(port))
  const body = encodeFetchRequest(Buffer.from(topic), [{ partition, offset: 0 }], LIMITS)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    connection.send<Buffer>(
      FETCH_VERSION.key,
      FETCH_VERSION.version,
      () => library.Writer.create().append(body),
      (_correlation, _key, _version, reader) => reader.buffer.buffer,
      true,
      true,
      (error, payload) => (error ? reject(error) : resolve(payload!)),
    )
  })
  await connection.close()
  const facts: BatchFacts[] = []
  const decompress = (codec: number, bytes: Buffer) =>
    library.compressionsAlgorithmsByBitmask[codec]!.decompressSync(bytes)
  for (const { records } of decodeFetchResponse(answer).partitions)
    scanRecords(
      records,
      0,
      decompress,
      () => {},
      (batch) => facts.push(batch),
    )
  return facts
}
