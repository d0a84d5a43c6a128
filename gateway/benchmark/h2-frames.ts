// The little of HTTP/2 (RFC 9113) and HPACK (RFC 7541) that a client of one fixed request needs.

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

const HEAD_BYTES = 9
/** A larger frame would be against our settings (RFC 9113 §4.2). */
const MAX_FRAME_BYTES = 16_384

export function frameHead(sizeBytes: number, type: number, flags: number, streamId: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUIntBE(sizeBytes, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return head
}

/** What a client says first: the connection preface and its settings, all defaults. */
export const PREFACE: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frameHead(0, FRAME.settings, 0, 0),
])

/** Gives the server back `bytes` of the connection's window. */
export function windowUpdate(bytes: number): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + 4)
  frameHead(4, FRAME.windowUpdate, 0, 0).copy(frame)
  frame.writeUInt32BE(bytes, HEAD_BYTES)
  return frame
}

/** Headers of a gRPC call, as literals that no table remembers: the same bytes serve for every call. */
export function requestHeaderBlock(authority: string, path: string): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')])
  return Buffer.concat([
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    Buffer.from([0x04]), // :path
    text(path),
    Buffer.from([0x01]), // :authority
    text(authority),
    Buffer.from([0x0f, 0x10]), // content-type
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ])
}

/** Cuts chunks, which are its own, into frames. */
export function createFrameReader(
  onFrame: (type: number, flags: number, streamId: number, payload: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (at + HEAD_BYTES <= bytes.length) {
      const size = bytes.readUIntBE(at, 3)
      if (size > MAX_FRAME_BYTES)
        throw new Error(`expected a frame of at most ${MAX_FRAME_BYTES} bytes, got ${size}`)
      const end = at + HEAD_BYTES + size
      if (end > bytes.length) break
      onFrame(
        bytes[at + 3]!,
        bytes[at + 4]!,
        bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
        bytes.subarray(at + HEAD_BYTES, end),
      )
      at = end
    }
    rest = bytes.subarray(at)
  }
}
