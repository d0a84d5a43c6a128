import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** What kafkajs hands to a codec for compression. */
interface Encoder {
  readonly buffer: Buffer
}
interface Codec {
  compress(encoder: Encoder): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

/**
 * Adds the codecs that kafkajs lacks: Snappy in pure JavaScript, LZ4 from the other client (the usual addon does not
 * load under Bun), Zstandard from the runtime. Each is loaded when it is first needed.
 */
export function addCodecs(library: typeof import('kafkajs')): void {
  const { CompressionCodecs, CompressionTypes } = library
  const codecs = CompressionCodecs as unknown as Record<number, () => Codec>
  codecs[CompressionTypes.Snappy] = snappy
  codecs[CompressionTypes.LZ4] = lz4
  codecs[CompressionTypes.ZSTD] = zstd
}

function snappy(): Codec {
  const load = async () => (await import('kafkajs-snappy')).default()
  return {
    compress: async (encoder) => (await load()).compress(encoder),
    decompress: async (buffer) => (await load()).decompress(buffer),
  }
}

function lz4(): Codec {
  const load = async () => (await import('@platformatic/kafka')).compressionsAlgorithms.lz4
  return {
    compress: async (encoder) => (await load()).compressSync(encoder.buffer),
    decompress: async (buffer) => (await load()).decompressSync(buffer),
  }
}

function zstd(): Codec {
  return {
    compress: async (encoder) => zstdCompressSync(encoder.buffer),
    decompress: async (buffer) => zstdDecompressSync(buffer),
  }
}
