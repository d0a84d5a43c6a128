import { readFileSync } from 'node:fs'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { Payload } from '../workload/model.ts'
import { bodyChecksum, ENVELOPE_BYTES } from './envelope.ts'
import { newRandom, type Random } from './random.ts'

/** Bodies of messages (what lies before the envelope), with the checksum of each. */
export interface Bodies {
  readonly bodies: readonly Uint8Array[]
  readonly checksums: readonly number[]
}

/**
 * Makes the bodies of a payload. Of a file, the envelope replaces the last bytes.
 * @throws AppError('CONFIG') when a message can't hold its envelope, or the file is unreadable or of another size.
 */
export function createBodies(payload: Payload, messageBytes: number, seed: number): Bodies {
  const bodyBytes = messageBytes - ENVELOPE_BYTES
  if (bodyBytes < 0) {
    throw new AppError(
      'CONFIG',
      `expected messages of at least ${ENVELOPE_BYTES} bytes, got ${messageBytes}`,
      {
        hint: `every message carries ${ENVELOPE_BYTES} bytes about itself: raise messageSize`,
      },
    )
  }
  const bodies = makeBodies(payload, messageBytes, bodyBytes, newRandom(seed))
  return { bodies, checksums: bodies.map(bodyChecksum) }
}

function makeBodies(payload: Payload, messageBytes: number, bodyBytes: number, random: Random): Uint8Array[] {
  switch (payload.kind) {
    case 'fixed':
      return [new Uint8Array(bodyBytes).map((_, i) => i & 0xff)]
    case 'file':
      return [readBody(payload.path, messageBytes).subarray(0, bodyBytes)]
    case 'random': {
      const randomBytes = Math.min(bodyBytes, Math.round(messageBytes * payload.randomRatio))
      return Array.from({ length: Math.max(1, payload.poolSize) }, () => {
        const body = new Uint8Array(bodyBytes)
        for (let i = 0; i < randomBytes; i++) body[i] = random.below(256)
        return body
      })
    }
  }
}

function readBody(path: string, messageBytes: number): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new AppError('CONFIG', `cannot read the payload file ${path}: ${messageOf(cause)}`, { cause })
  }
  if (bytes.length !== messageBytes) {
    throw new AppError('CONFIG', `expected ${messageBytes} bytes in ${path}, got ${bytes.length}`, {
      hint: 'messageSize and the size of the payload file must be the same',
    })
  }
  return bytes
}
