import { dlopen, FFIType, type Pointer, ptr, read } from 'bun:ffi'

/** TCP payload of one socket since it was opened; what had to be sent again counts once. */
export interface SocketBytes {
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** The kernel's counters of every TCP socket of this network namespace, by inode. */
export type TcpCounters = ReadonlyMap<number, SocketBytes>

const LIBRARIES = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

// sock_diag(7): one dump of all sockets over netlink. /proc/net/tcp has no byte counters, and those of the interface
// count every program of the machine.
const AF_NETLINK = 16
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000
const NETLINK_SOCK_DIAG = 4
const FAMILIES = [2, 10] // AF_INET, AF_INET6
const SOCK_DIAG_BY_FAMILY = 20
const REQUEST_AND_DUMP = 0x301
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const IPPROTO_TCP = 6
const INET_DIAG_INFO = 2
const MSG_DONTWAIT = 0x40

const HEADER_BYTES = 16
const REQUEST_BYTES = HEADER_BYTES + 56
/** Of a message from its begin: where the socket's inode is, and where its attributes begin. */
const INODE_AT = HEADER_BYTES + 68
const ATTRIBUTES_AT = HEADER_BYTES + 72
/** Within `struct tcp_info`; kernels before 4.19 end before the last two. */
const BYTES_RECEIVED_AT = 128
const BYTES_SENT_AT = 200
const BYTES_RETRANSMITTED_AT = 208

const BUFFER_BYTES = 1 << 18
/** Some 80 sockets come at a time: of a machine with more than 40,000 nothing is told, reading would take too long. */
const MAX_ANSWERS = 500

/** A reader of the counters; null on systems without this interface, as what it reads is where the kernel refuses. A reading takes about a millisecond and blocks that long. */
export function tcpCounterReader(): (() => TcpCounters | null) | null {
  if (process.platform !== 'linux') return null
  opened ??= { libc: openLibc() }
  const { libc } = opened
  if (libc === null) return null
  const buffer = new Uint8Array(BUFFER_BYTES)
  return () => {
    const socket = libc.socket(AF_NETLINK, SOCK_DGRAM_CLOEXEC, NETLINK_SOCK_DIAG)
    if (socket < 0) return null
    try {
      const found = new Map<number, SocketBytes>()
      for (const family of FAMILIES) if (!dump(libc, socket, family, buffer, found)) return null
      return found
    } finally {
      libc.close(socket)
    }
  }
}

interface Libc {
  socket(family: number, type: number, protocol: number): number
  send(socket: number, bytes: Uint8Array, length: number, flags: number): number | bigint
  recv(socket: number, bytes: Uint8Array, length: number, flags: number): number | bigint
  close(socket: number): number
}

/** Opened once a process. */
let opened: { readonly libc: Libc | null } | undefined

function openLibc(): Libc | null {
  const transfer = {
    args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32],
    returns: FFIType.i64,
  } as const
  for (const name of LIBRARIES) {
    try {
      const { symbols } = dlopen(name, {
        socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
        send: transfer,
        recv: transfer,
        close: { args: [FFIType.i32], returns: FFIType.i32 },
      })
      return symbols
    } catch {
      // The next name, or no C library that we know.
    }
  }
  return null
}

/** Whether the dump of one family came whole; what it held is added. The kernel has the answer ready once it was asked. */
function dump(
  libc: Libc,
  socket: number,
  family: number,
  buffer: Uint8Array,
  found: Map<number, SocketBytes>,
): boolean {
  if (Number(libc.send(socket, requestFor(family), REQUEST_BYTES, 0)) !== REQUEST_BYTES) return false
  const address = ptr(buffer)
  for (let answer = 0; answer < MAX_ANSWERS; answer++) {
    const length = Number(libc.recv(socket, buffer, buffer.length, MSG_DONTWAIT))
    if (length <= 0) return false
    const end = readMessages(address, length, found)
    if (end !== null) return end === NLMSG_DONE
  }
  return false
}

function requestFor(family: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, REQUEST_BYTES, true)
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true)
  view.setUint16(6, REQUEST_AND_DUMP, true)
  view.setUint8(HEADER_BYTES, family)
  view.setUint8(HEADER_BYTES + 1, IPPROTO_TCP)
  view.setUint8(HEADER_BYTES + 2, 1 << (INET_DIAG_INFO - 1))
  view.setUint32(HEADER_BYTES + 4, 0xffff_ffff, true)
  return bytes
}

/** Reads one datagram of messages; the type of the message that ends the dump, or null when more is to come. */
function readMessages(address: Pointer, length: number, found: Map<number, SocketBytes>): number | null {
  // By `read`, not through the array: optimised code may not see what a foreign function wrote into it.
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const size = read.u32(address, at)
    const type = read.u16(address, at + 4)
    if (type === NLMSG_DONE || type === NLMSG_ERROR) return type
    if (size < HEADER_BYTES || at + size > length) return NLMSG_ERROR
    if (type === SOCK_DIAG_BY_FAMILY) readSocket(address, at, size, found)
    at += aligned(size)
  }
  return null
}

function readSocket(address: Pointer, at: number, size: number, found: Map<number, SocketBytes>): void {
  const inode = read.u32(address, at + INODE_AT)
  // Sockets that nobody holds any more have none.
  if (inode === 0) return
  for (let attribute = at + ATTRIBUTES_AT; attribute + 4 <= at + size; ) {
    const attributeSize = read.u16(address, attribute)
    if (attributeSize < 4) return
    if (read.u16(address, attribute + 2) === INET_DIAG_INFO) {
      if (attributeSize < 4 + BYTES_RETRANSMITTED_AT + 8) return
      const info = attribute + 4
      found.set(inode, {
        receivedBytes: Number(read.u64(address, info + BYTES_RECEIVED_AT)),
        sentBytes: Number(
          read.u64(address, info + BYTES_SENT_AT) - read.u64(address, info + BYTES_RETRANSMITTED_AT),
        ),
      })
      return
    }
    attribute += aligned(attributeSize)
  }
}

function aligned(size: number): number {
  return (size + 3) & ~3
}
