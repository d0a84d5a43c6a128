/** Smallest message of the suite: an identity twice, so that a cut or mixed message is seen. */
export const MIN_MESSAGE_BYTES = 16

/** A message whose bytes follow from its identity and size alone. */
export function makeMessage(identity: number, sizeBytes: number): Buffer {
  const message = Buffer.allocUnsafe(Math.max(sizeBytes, MIN_MESSAGE_BYTES))
  message.writeUInt32BE(identity, 0)
  message.writeUInt32BE(message.length, 4)
  message.fill(identity & 0xff, 8)
  message.writeUInt32BE(~identity >>> 0, message.length - 4)
  return message
}

/** The identity of a message made by `makeMessage`, or −1 when any byte differs. */
export function readMessage(bytes: Uint8Array): number {
  if (bytes.length < MIN_MESSAGE_BYTES) return -1
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const identity = view.readUInt32BE(0)
  return view.equals(makeMessage(identity, view.length)) && view.readUInt32BE(4) === view.length
    ? identity
    : -1
}
