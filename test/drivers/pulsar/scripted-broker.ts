import type { Buffer } from 'node:buffer'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { readFrame, simpleFrame } from '../../../src/drivers/pulsar/client/wire/frame.ts'
import { createFrameDecoder } from '../../../src/drivers/pulsar/client/wire/frame-decoder.ts'
import { ProtoReader } from '../../../src/drivers/pulsar/client/wire/proto-reader.ts'
import { ProtoWriter } from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'

/** A command as it came: its type, and its fields by number (the last one of each). */
export interface HeardCommand {
  readonly type: number
  readonly numbers: Readonly<Record<number, number>>
  readonly texts: Readonly<Record<number, string>>
}

/** One client's connection. */
export interface Peer {
  write(bytes: Uint8Array): void
  end(): void
}

export interface ScriptedBroker {
  readonly port: number
  readonly heard: readonly HeardCommand[]
  readonly peers: readonly Peer[]
  stop(): void
}

/** Answers instead of the usual: true = done, false = the usual answer follows. */
export type Script = (command: HeardCommand, peer: Peer, broker: ScriptedBroker) => boolean

/** A frame with a command of this type. */
export function command(type: number, fields: ProtoWriter): Buffer {
  return simpleFrame(new ProtoWriter().number(1, type).bytes(type, fields.view()).view())
}

function read(buffer: Buffer, start: number, end: number): HeardCommand {
  const outer = new ProtoReader(buffer, start, end)
  let type = 0
  const numbers: Record<number, number> = {}
  const texts: Record<number, string> = {}
  for (let field = outer.next(); field !== 0; field = outer.next()) {
    if (field === 1) {
      type = outer.number()
      continue
    }
    const inner = outer.message()
    for (let each = inner.next(); each !== 0; each = inner.next()) {
      if (inner.packed) texts[each] = inner.string()
      else numbers[each] = inner.number()
    }
  }
  return { type, numbers, texts }
}

/**
 * A server that speaks enough of the protocol to be told to misbehave, which a real broker cannot be. What it says
 * when it behaves is what real brokers were seen to say.
 */
export function scriptedBroker(script: Script = () => false): ScriptedBroker {
  const heard: HeardCommand[] = []
  const peers: Peer[] = []
  const server = Bun.listen<{ decoder: ReturnType<typeof createFrameDecoder> }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        const peer: Peer = {
          write: (bytes) => void socket.write(bytes),
          end: () => socket.terminate(),
        }
        peers.push(peer)
        const decoder = createFrameDecoder(10_000_000, (buffer, start, end) => {
          const parts = readFrame(buffer, start, end)
          const one = read(buffer, parts.commandStart, parts.commandEnd)
          heard.push(one)
          if (!script(one, peer, broker)) usual(one, peer, broker.port)
        })
        socket.data = { decoder }
      },
      data(socket, chunk) {
        try {
          socket.data.decoder.push(chunk)
        } catch {
          // Not this protocol (a TLS greeting, say): brokers hang up.
          socket.terminate()
        }
      },
    },
  })
  const broker: ScriptedBroker = { port: server.port, heard, peers, stop: () => server.stop(true) }
  return broker
}

function usual({ type, numbers }: HeardCommand, peer: Peer, port: number): void {
  const request = (field: number) => numbers[field] ?? 0
  switch (type) {
    case TYPE.CONNECT: {
      const fields = new ProtoWriter().string(1, 'Scripted 1.2.3').number(2, 19).number(3, 5_242_880)
      peer.write(command(TYPE.CONNECTED, fields))
      return
    }
    case TYPE.PARTITIONED_METADATA: {
      const fields = new ProtoWriter().number(1, 0).number(2, request(2)).number(3, 0)
      peer.write(command(TYPE.PARTITIONED_METADATA_RESPONSE, fields))
      return
    }
    case TYPE.LOOKUP: {
      const url = `pulsar://127.0.0.1:${port}`
      peer.write(
        command(TYPE.LOOKUP_RESPONSE, new ProtoWriter().string(1, url).number(3, 1).number(4, request(2))),
      )
      return
    }
    case TYPE.PRODUCER: {
      const fields = new ProtoWriter().number(1, request(3)).string(2, 'p').number(3, -1)
      peer.write(command(TYPE.PRODUCER_SUCCESS, fields))
      return
    }
    case TYPE.SEND: {
      const id = new ProtoWriter().number(1, 1).number(2, 1).view()
      const fields = new ProtoWriter().number(1, request(1)).number(2, request(2)).bytes(3, id)
      peer.write(command(TYPE.SEND_RECEIPT, fields))
      return
    }
    case TYPE.SUBSCRIBE:
      peer.write(command(TYPE.SUCCESS, new ProtoWriter().number(1, request(5))))
      return
    case TYPE.CLOSE_PRODUCER:
    case TYPE.CLOSE_CONSUMER:
    case TYPE.UNSUBSCRIBE:
    case TYPE.SEEK:
      peer.write(command(TYPE.SUCCESS, new ProtoWriter().number(1, request(2))))
      return
  }
}
