import { clientSettings, type LabContext } from './settings.ts'

/** Reads from one bucket. */
export interface Bucket {
  /**
   * The first `maxBytes` of an object as text; `isCut` when it is longer. One call, not tried again. Throws what AWS
   * says, `NoSuchKey` when there is none.
   */
  readStart(
    key: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly isCut: boolean }>
  close(): void
}

/** Opens a bucket; nothing is asked yet. */
export async function openBucket(name: string, { aws }: LabContext): Promise<Bucket> {
  const { S3Client, GetObjectCommand } = await import('@aws-sdk/client-s3')
  // A stand-in has no host name for each bucket.
  const client = new S3Client({ ...clientSettings(aws), forcePathStyle: aws.endpoint !== undefined })
  return {
    readStart: async (key, maxBytes, signal) => {
      const request = new GetObjectCommand({ Bucket: name, Key: key, Range: `bytes=0-${maxBytes - 1}` })
      const { Body, ContentRange } = await client.send(request, { abortSignal: signal })
      const text = (await Body?.transformToString('utf8')) ?? ''
      const sizeBytes = Number(ContentRange?.split('/')[1] ?? 0)
      return { text, isCut: sizeBytes > maxBytes }
    },
    close: () => client.destroy(),
  }
}
