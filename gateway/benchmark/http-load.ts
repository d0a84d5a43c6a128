import { createResponseReader, type HttpResponse } from '../../src/otlp/http/response.ts'
import type { Failure, LoadConnection, OpenLoadConnection } from './load-connection.ts'
import { openWriter } from './socket-writer.ts'

/** Connections that POST `body` to `url` over HTTP/1.1 keep-alive, one request at a time. Only http:. */
export function httpLoad(
  url: URL,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): OpenLoadConnection {
  const lines = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Content-Type: application/x-protobuf',
    `Content-Length: ${body.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  const request = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
  const target = { hostname: url.hostname, port: Number(url.port || 80) }

  return async (events) => {
    let connection: LoadConnection
    let ticket = 0
    let isBusy = false
    const reader = createResponseReader()

    function settle(failure: Failure): void {
      if (!isBusy) return
      isBusy = false
      events.onOutcome(connection, ticket, failure)
    }

    function lose(failure: Failure): void {
      events.onLost(connection)
      settle(failure)
    }

    function receive(chunk: Buffer): HttpResponse | null {
      try {
        return reader.push(chunk)
      } catch {
        writer.close()
        lose('not HTTP')
        return null
      }
    }

    const writer = await openWriter(target, {
      onData(chunk) {
        const response = receive(chunk)
        if (response === null) return
        const failure = response.status === 200 ? null : `HTTP ${response.status}`
        if (response.keepAlive) settle(failure)
        else {
          writer.close()
          lose(failure)
        }
      },
      onLost: lose,
    })
    connection = {
      get room() {
        return isBusy ? 0 : 1
      },
      send(given) {
        ticket = given
        isBusy = true
        writer.write(request)
      },
      close: () => writer.close(),
    }
    return connection
  }
}
