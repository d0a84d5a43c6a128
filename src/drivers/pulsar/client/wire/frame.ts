import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { crc32c } from './crc32c.ts'

// frame (after totalSize) = simple | payload
//   simple  = cmdSize u32, BaseCommand
//   payload = cmdSize u32, BaseCommand,
//             [0x0e02 u16, size u32, BrokerEntryMetadata],
//             [0x0e01 u16, crc32c u32],              over all that follows
//             metadataSize u32, MessageMetadata, payload

const CHECKSUM_MARK = 0x0e01
const BROKER_ENTRY_MARK = 0x0e02

/** Where the parts of a frame lie in its buffer. */
export interface FrameParts {
  readonly commandStart: number
  readonly commandEnd: number
  /** Where the message begins (its marks, if any); the end of the frame where there is none. */
  readonly messageStart: number
}

/** Finds the command of the frame `buffer[start … end)`. */
export function readFrame(buffer: Buffer, start: number, end: number): FrameParts {
  if (end - start < 4) throw protocolError('expected the size of a command, got the end of the frame')
  const commandStart = start + 4
  const commandEnd = commandStart + buffer.readUInt32BE(start)
  if (commandEnd > end) throw protocolError(`expected a command inside its frame of ${end - start} bytes`)
  return { commandStart, commandEnd, messageStart: commandEnd }
}

/** Where metadata and payload of a message lie in its buffer. */
export interface MessageParts {
  readonly metadataStart: number
  /** Also where the payload starts; it ends with the frame. */
  readonly metadataEnd: number
  /** Whether the checksum fits; true where there is none. */
  readonly intact: boolean
}

/** Finds metadata and payload in `buffer[start … end)`, the part of a frame after the command. */
export function readMessage(buffer: Buffer, start: number, end: number, verify: boolean): MessageParts {
  let at = start
  const need = (bytes: number) => {
    if (end - at < bytes) throw protocolError('expected a message in the frame, got a cut one')
  }
  need(4)
  if (buffer.readUInt16BE(at) === BROKER_ENTRY_MARK) {
    need(6)
    const size = buffer.readUInt32BE(at + 2)
    at += 6
    need(size)
    at += size
    need(4)
  }
  let intact = true
  if (buffer.readUInt16BE(at) === CHECKSUM_MARK) {
    need(6)
    intact = !verify || buffer.readUInt32BE(at + 2) === crc32c(buffer, at + 6, end)
    at += 6
    need(4)
  }
  const metadataStart = at + 4
  const metadataEnd = metadataStart + buffer.readUInt32BE(at)
  if (metadataEnd > end) throw protocolError('expected metadata inside its frame')
  return { metadataStart, metadataEnd, intact }
}

/** A frame with a command alone. */
export function simpleFrame(command: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(8 + command.length)
  frame.writeUInt32BE(4 + command.length, 0)
  frame.writeUInt32BE(command.length, 4)
  frame.set(command, 8)
  return frame
}

/** Bytes of a payload frame before its payload. */
export function payloadFrameBytes(commandBytes: number, metadataBytes: number): number {
  return 8 + commandBytes + 6 + 4 + metadataBytes
}

/**
 * Completes a payload frame in place: everything before the payload, which the caller has written at
 * `payloadFrameBytes(…)` up to the end of `frame`.
 */
export function completePayloadFrame(frame: Buffer, command: Uint8Array, metadata: Uint8Array): void {
  frame.writeUInt32BE(frame.length - 4, 0)
  frame.writeUInt32BE(command.length, 4)
  frame.set(command, 8)
  const mark = 8 + command.length
  frame.writeUInt16BE(CHECKSUM_MARK, mark)
  frame.writeUInt32BE(metadata.length, mark + 6)
  frame.set(metadata, mark + 10)
  frame.writeUInt32BE(crc32c(frame, mark + 6), mark + 2)
}
