/**
 * Short stable kinds of failure, as counted in results. `refused` means that the broker said no for good; the message
 * then holds its words.
 */
export type FailureKind =
  | 'connection lost'
  | 'connection refused'
  | 'TLS failed'
  | 'protocol error'
  | 'timeout'
  | 'closed'
  | 'not ready'
  | 'authentication failed'
  | 'not authorized'
  | 'topic not found'
  | 'topic terminated'
  | 'producer fenced'
  | 'producer busy'
  | 'consumer busy'
  | 'quota exceeded'
  | 'too many requests'
  | 'checksum'
  | 'message too large'
  | 'refused'

/** A failed operation of the client. Whether trying again may help is in `retriable`. */
export class ClientError extends Error {
  readonly kind: FailureKind
  readonly retriable: boolean

  constructor(kind: FailureKind, message: string, retriable = false) {
    super(message)
    this.name = 'ClientError'
    this.kind = kind
    this.retriable = retriable
  }
}

/** Bytes that break the protocol's grammar; the connection they came on is of no further use. */
export function protocolError(message: string): ClientError {
  return new ClientError('protocol error', message, true)
}

/** By ServerError code of the protocol: kind, and whether another attempt (with a fresh lookup) may succeed. */
const SERVER_ERRORS: Readonly<Record<number, readonly [FailureKind, boolean]>> = {
  0: ['not ready', true],
  1: ['not ready', true],
  2: ['not ready', true],
  3: ['authentication failed', false],
  4: ['not authorized', false],
  5: ['consumer busy', false],
  6: ['not ready', true],
  7: ['quota exceeded', false],
  8: ['quota exceeded', false],
  9: ['checksum', true],
  11: ['topic not found', false],
  14: ['too many requests', true],
  15: ['topic terminated', false],
  16: ['producer busy', false],
  25: ['producer fenced', false],
}

/**
 * A producer that another one fenced is told by 25 while it is there, and with the words of 16 (which also stands for a
 * name in use) when it comes back. Ours are never exclusive, so an exclusive one is somebody else's.
 */
function isFenced(code: number, words: string): boolean {
  return code === 16 && words.includes('existing exclusive producer')
}

/** The broker's refusal: its code and words. */
export function serverError(code: number, words: string): ClientError {
  const [kind, retriable] = isFenced(code, words)
    ? (['producer fenced', false] as const)
    : (SERVER_ERRORS[code] ?? ['refused', false])
  return new ClientError(kind, `the broker answered error ${code}: ${words}`, retriable)
}

/** Whatever was thrown, as the client's own error. */
export function asClientError(thrown: unknown): ClientError {
  if (thrown instanceof ClientError) return thrown
  return new ClientError('connection lost', thrown instanceof Error ? thrown.message : String(thrown), true)
}
