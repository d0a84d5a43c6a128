import { AppError, messageOf } from '../../errors/app-error.ts'
import type { BatchResult } from './clients/client.ts'

interface CodeMeaning {
  readonly kind: string
  /** What a producer may do: try again because nothing was written; ask itself whether it was; give up. */
  readonly after: 'retry' | 'unsure' | 'refuse'
}

// https://kafka.apache.org/protocol#protocol_error_codes
const MEANINGS: ReadonlyMap<number, CodeMeaning> = new Map([
  [2, { kind: 'corrupt message', after: 'retry' }],
  [3, { kind: 'unknown topic or partition', after: 'retry' }],
  [5, { kind: 'leader not available', after: 'retry' }],
  [6, { kind: 'not leader', after: 'retry' }],
  [7, { kind: 'timeout', after: 'unsure' }],
  [9, { kind: 'replica not available', after: 'retry' }],
  [10, { kind: 'message too large', after: 'refuse' }],
  [13, { kind: 'connection lost', after: 'unsure' }],
  [17, { kind: 'invalid topic', after: 'refuse' }],
  [18, { kind: 'message too large', after: 'refuse' }],
  [19, { kind: 'not enough replicas', after: 'retry' }],
  [20, { kind: 'not enough replicas after append', after: 'unsure' }],
  [29, { kind: 'not authorised', after: 'refuse' }],
  [31, { kind: 'not authorised', after: 'refuse' }],
  [32, { kind: 'invalid timestamp', after: 'refuse' }],
  [45, { kind: 'out of order sequence', after: 'retry' }],
  [47, { kind: 'invalid producer epoch', after: 'refuse' }],
  [56, { kind: 'storage error', after: 'retry' }],
  [59, { kind: 'unknown producer', after: 'retry' }],
  [74, { kind: 'fenced leader epoch', after: 'retry' }],
  [87, { kind: 'invalid record', after: 'refuse' }],
])
const DUPLICATE_SEQUENCE = 46

/** Short stable kind of a broker's error code, for counting. */
export function kindOfCode(code: number): string {
  return MEANINGS.get(code)?.kind ?? `broker error ${code}`
}

/** What an error code of a produce response means for the batch. An unknown code leaves it open whether it was written. */
export function resultOfCode(code: number): BatchResult {
  if (code === 0 || code === DUPLICATE_SEQUENCE) return { ok: true }
  const after = MEANINGS.get(code)?.after ?? 'unsure'
  return {
    ok: false,
    kind: kindOfCode(code),
    maybeWritten: after === 'unsure',
    retriable: after !== 'refuse',
  }
}

/** What a request without an answer means for its batches. */
export function resultOfFailure(thrown: unknown): BatchResult {
  return { ok: false, kind: kindOfFailure(thrown), maybeWritten: true, retriable: true }
}

/** Short stable kind of a failure on the way to the broker. */
export function kindOfFailure(thrown: unknown): string {
  const text = deepText(thrown)
  if (/authentication|SASL/i.test(text)) return 'authentication failed'
  if (/authoriz|TOPIC_AUTHORIZATION|GROUP_AUTHORIZATION/i.test(text)) return 'not authorised'
  if (/timed? ?out|TIMEOUT/i.test(text)) return 'timeout'
  return 'connection lost'
}

/** Messages and codes of an error, its causes and its parts. */
export function deepText(thrown: unknown, depth = 0): string {
  if (depth > 6 || thrown === null || typeof thrown !== 'object')
    return thrown === undefined ? '' : messageOf(thrown)
  const error = thrown as {
    name?: string
    code?: unknown
    apiId?: unknown
    cause?: unknown
    errors?: unknown
  }
  const parts = [messageOf(thrown), String(error.code ?? ''), String(error.apiId ?? ''), error.name ?? '']
  if (error.cause !== undefined) parts.push(deepText(error.cause, depth + 1))
  const inner = Array.isArray(error.errors) ? error.errors : Object.values(error.errors ?? {})
  for (const one of inner.slice(0, 8)) parts.push(deepText(one, depth + 1))
  return parts.filter((part) => part !== '').join(' · ')
}

/** The clear error for a server that could not be reached or refused us. */
export function connectError(thrown: unknown, servers: readonly string[]): AppError {
  if (thrown instanceof AppError) return thrown
  const where = servers.join(', ')
  const text = deepText(thrown)
  const options = { cause: thrown }
  if (
    /certificate|self.signed|UNABLE_TO_VERIFY|ERR_TLS|TLS|SSL routines|wrong version number|DEPTH_ZERO/i.test(
      text,
    )
  )
    return new AppError('PREPARE', `expected a TLS connection to kafka at ${where}, got: ${reason(text)}`, {
      ...options,
      hint: 'check tls in the driver file: caFile for a private certificate authority, and whether the port speaks TLS at all',
    })
  if (/SASL|authentication|credentials|ILLEGAL_SASL_STATE|mechanism/i.test(text))
    return new AppError('PREPARE', `kafka at ${where} refused the user or password: ${reason(text)}`, {
      ...options,
      hint: 'check sasl.mechanism, sasl.username and sasl.password (or passwordEnv) in the driver file',
    })
  if (/authoriz/i.test(text)) return authorisationError(`the operation at ${where}`, thrown)
  return new AppError('PREPARE', `expected kafka at ${where}, nobody answered: ${reason(text)}`, {
    ...options,
    hint: 'check servers in the driver file and that the broker is up; leave servers out to let bench start one',
  })
}

/** The clear error for something an ACL forbids. */
export function authorisationError(what: string, cause: unknown): AppError {
  return new AppError('PREPARE', `kafka does not allow this user ${what} (ACL)`, {
    cause,
    hint: 'grant the user Create, Describe, Read and Write on the topics, and Read on the groups, of this prefix',
  })
}

/** Whether an error chain says that an ACL is in the way. */
export function isAuthorisation(thrown: unknown): boolean {
  return /AUTHORIZATION_FAILED|not authorized|authorization failed/i.test(deepText(thrown))
}

function reason(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
