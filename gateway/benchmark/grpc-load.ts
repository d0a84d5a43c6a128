import { framed } from '../../src/otlp/grpc/frame.ts'
import { GRPC_METHODS, type Signal } from '../../src/otlp/signal.ts'
import {
  createFrameReader,
  FLAG,
  FRAME,
  frameHead,
  PREFACE,
  requestHeaderBlock,
  windowUpdate,
} from './h2-frames.ts'
import type { Failure, LoadConnection, OpenLoadConnection } from './load-connection.ts'
import { openWriter } from './socket-writer.ts'

/** Flow control and frame size before the server says otherwise (RFC 9113 §6.5.2). */
const DEFAULTS = { windowBytes: 65_535, frameBytes: 16_384 }
/** Of our own window, after which the server gets it back. */
const CREDIT_BYTES = 16_384

interface Call {
  readonly id: number
  readonly ticket: number
  sentBytes: number
  windowBytes: number
  hasAnswered: boolean
}

/**
 * Connections that call the signal's Export method with `body`, up to `streams` calls at once on each. A client of this
 * one request only: its frames are made beforehand, answers are told apart by their shape (a trailers-only answer is a
 * refusal), so that it costs a small part of what an HTTP/2 library does.
 */
export function grpcLoad(url: URL, signal: Signal, body: Uint8Array, streams: number): OpenLoadConnection {
  const message = framed([body], false)
  const headers = requestHeaderBlock(url.host, GRPC_METHODS[signal])
  const target = { hostname: url.hostname, port: Number(url.port || 4317) }

  return async (events) => {
    let connection: LoadConnection
    const calls = new Map<number, Call>()
    let stalled: Call[] = []
    let nextId = 1
    let windowBytes = DEFAULTS.windowBytes
    let initialWindowBytes = DEFAULTS.windowBytes
    let frameBytes = DEFAULTS.frameBytes
    let creditBytes = 0

    /** Writes what the windows allow; false when some is left. */
    function pump(call: Call): boolean {
      while (call.sentBytes < message.length) {
        const size = Math.min(message.length - call.sentBytes, frameBytes, windowBytes, call.windowBytes)
        if (size <= 0) return false
        const end = call.sentBytes + size
        writer.write(frameHead(size, FRAME.data, end === message.length ? FLAG.endStream : 0, call.id))
        writer.write(message.subarray(call.sentBytes, end))
        call.sentBytes = end
        call.windowBytes -= size
        windowBytes -= size
      }
      return true
    }

    function pumpStalled(): void {
      stalled = stalled.filter((call) => calls.has(call.id) && !pump(call))
    }

    function settle(id: number, failure: Failure): void {
      const call = calls.get(id)
      if (call === undefined) return
      calls.delete(id)
      events.onOutcome(connection, call.ticket, failure)
    }

    function onSettings(payload: Buffer): void {
      for (let at = 0; at + 6 <= payload.length; at += 6) {
        const value = payload.readUInt32BE(at + 2)
        const setting = payload.readUInt16BE(at)
        if (setting === 5) frameBytes = value
        if (setting !== 4) continue
        for (const call of calls.values()) call.windowBytes += value - initialWindowBytes
        initialWindowBytes = value
      }
      writer.write(frameHead(0, FRAME.settings, FLAG.ack, 0))
      pumpStalled()
    }

    function onFrame(type: number, flags: number, id: number, payload: Buffer): void {
      const call = calls.get(id)
      if (type === FRAME.headers && call !== undefined) {
        if ((flags & FLAG.endStream) !== 0) settle(id, call.hasAnswered ? null : 'refused')
        else call.hasAnswered = true
      } else if (type === FRAME.data) {
        creditBytes += payload.length
        if (creditBytes >= CREDIT_BYTES) {
          writer.write(windowUpdate(creditBytes))
          creditBytes = 0
        }
      } else if (type === FRAME.settings && (flags & FLAG.ack) === 0) onSettings(payload)
      else if (type === FRAME.windowUpdate) {
        if (id === 0) windowBytes += payload.readUInt32BE(0)
        else if (call !== undefined) call.windowBytes += payload.readUInt32BE(0)
        pumpStalled()
      } else if (type === FRAME.ping && (flags & FLAG.ack) === 0) {
        writer.write(frameHead(payload.length, FRAME.ping, FLAG.ack, 0))
        writer.write(Uint8Array.from(payload))
      } else if (type === FRAME.resetStream) settle(id, 'reset')
      else if (type === FRAME.goAway) writer.destroy('sent away')
    }

    const reader = createFrameReader(onFrame)
    const writer = await openWriter(target, {
      onData: reader,
      onLost(why) {
        events.onLost(connection)
        for (const id of [...calls.keys()]) settle(id, why)
      },
    })
    writer.write(PREFACE)
    connection = {
      get room() {
        return streams - calls.size
      },
      send(ticket) {
        const call = { id: nextId, ticket, sentBytes: 0, windowBytes: initialWindowBytes, hasAnswered: false }
        nextId += 2
        calls.set(call.id, call)
        writer.write(frameHead(headers.length, FRAME.headers, FLAG.endHeaders, call.id))
        writer.write(headers)
        if (!pump(call)) stalled.push(call)
      },
      close: () => writer.close(),
    }
    return connection
  }
}
