// gRPC over HTTP/2, "Length-Prefixed-Message": compressed flag u8 | length u32 big-endian | message.

export const PREFIX_BYTES = 5

/** One message with its prefix, ready for a DATA frame. */
export function framed(bodies: readonly Uint8Array[], isCompressed: boolean): Buffer {
  const length = bodies.reduce((sum, body) => sum + body.length, 0)
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + length)
  frame[0] = isCompressed ? 1 : 0
  frame.writeUInt32BE(length, 1)
  let at = PREFIX_BYTES
  for (const body of bodies) {
    frame.set(body, at)
    at += body.length
  }
  return frame
}

export type Unframed =
  | { readonly kind: 'message'; readonly isCompressed: boolean; readonly body: Uint8Array }
  | { readonly kind: 'bad'; readonly detail: string }

/** Takes the one message of a unary call apart; `data` is everything that came. */
export function unframed(data: Uint8Array): Unframed {
  if (data.length < PREFIX_BYTES) return bad(`a message of at least ${PREFIX_BYTES} bytes`, `${data.length}`)
  return checked(data, data.subarray(PREFIX_BYTES))
}

/** As `unframed` of all chunks; of several, the body is a copy in a buffer of its own. */
export function unframedChunks(chunks: readonly Uint8Array[]): Unframed {
  const [first, ...rest] = chunks
  if (first === undefined || rest.length === 0) return unframed(first ?? Buffer.alloc(0))
  if (first.length < PREFIX_BYTES) return unframed(Buffer.concat(chunks))
  return checked(first, Buffer.concat([first.subarray(PREFIX_BYTES), ...rest]))
}

function checked(prefix: Uint8Array, body: Uint8Array): Unframed {
  if (prefix[0]! > 1) return bad('a compressed flag of 0 or 1', `${prefix[0]}`)
  const length = ((prefix[1]! << 24) | (prefix[2]! << 16) | (prefix[3]! << 8) | prefix[4]!) >>> 0
  if (length !== body.length)
    return bad(`exactly one message of ${length} bytes`, `${body.length} bytes behind its prefix`)
  return { kind: 'message', isCompressed: prefix[0] === 1, body }
}

function bad(expected: string, got: string): Unframed {
  return { kind: 'bad', detail: `expected ${expected}, got ${got}` }
}

/** `grpc-message` is percent-encoded UTF-8 outside of printable ASCII (gRPC over HTTP/2, "Status-Message"). */
export function encodedMessage(text: string): string {
  return [...Buffer.from(text.slice(0, 1000))]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x25
        ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('')
}

export function decodedMessage(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const TIMEOUT_UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** What a timer can hold; the eight digits of a `grpc-timeout` reach beyond it, up to 11,000 years. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Milliseconds of a `grpc-timeout` header (`1S`, `250m`, …); null when there is none, NaN when it is no timeout. */
export function timeoutMs(header: string | undefined): number | null {
  if (header === undefined) return null
  const match = /^(\d{1,8})([HMSmun])$/.exec(header)
  return match === null
    ? Number.NaN
    : Math.min(MAX_TIMEOUT_MS, Number(match[1]) * TIMEOUT_UNITS_MS[match[2]!]!)
}
