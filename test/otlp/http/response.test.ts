// Goal: answers are read whole, however the network cuts them, and what is no answer is refused. Method: each stored
// answer is cut at every place and at random ones; hostile bytes must throw or wait, never return.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createResponseReader, HttpFormatError } from '../../../src/otlp/http/response.ts'

const ANSWERS: readonly [string, string, number, string, boolean][] = [
  ['content length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'hello', true],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', true],
  [
    'chunked',
    'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n',
    503,
    'abcde',
    true,
  ],
  [
    'trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n',
    200,
    'a',
    true,
  ],
  ['close', 'HTTP/1.1 429 Too Many\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno', 429, 'no', false],
  ['interim', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 200, 'x', true],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', 200, 'x', false],
]

for (const [name, wire, status, body, keepAlive] of ANSWERS) {
  test(`${name}: read alike wherever it is cut`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(wire.length), { maxLength: 6 }), (cuts) => {
        const reader = createResponseReader()
        const at = [0, ...cuts.sort((a, b) => a - b), wire.length]
        const answers = at.slice(1).map((end, i) => reader.push(Buffer.from(wire.slice(at[i], end))))
        const got = answers.find((each) => each !== null)
        expect([got?.status, Buffer.from(got!.body).toString(), got?.keepAlive]).toEqual([
          status,
          body,
          keepAlive,
        ])
      }),
      { numRuns: 200 },
    )
  })
}

test('an answer without a length ends with the connection', () => {
  const reader = createResponseReader()
  expect(reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nab'))).toBeNull()
  const answer = reader.end()
  expect([Buffer.from(answer!.body).toString(), answer!.keepAlive]).toEqual(['ab', false])
})

test.each([
  ['not HTTP', 'SSH-2.0-x\r\n\r\n'],
  ['no status', 'HTTP/1.1 abc\r\n\r\n'],
  ['bad length', 'HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n'],
  ['huge length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n'],
  ['bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['huge chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n'],
  ['endless header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ['endless body', `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(1_100_000)}`],
])('%s is refused', (_name, wire) => {
  expect(() => createResponseReader().push(Buffer.from(wire))).toThrow(HttpFormatError)
})

test('random bytes never crash the reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      try {
        createResponseReader().push(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), tail]))
      } catch (error) {
        expect(error).toBeInstanceOf(HttpFormatError)
      }
    }),
    { numRuns: 2000 },
  )
})
