/**
 * What a failed call means for the caller: `throttled` and `transient` pass by themselves; `notYet` is a thing that
 * exists and is not seen yet; `inUse` passes when what uses it is gone; `missing` is gone already; `denied` and
 * `refused` stay as they are.
 */
export type FailureKind = 'throttled' | 'transient' | 'notYet' | 'inUse' | 'missing' | 'denied' | 'refused'

const NAMES: readonly (readonly [FailureKind, RegExp])[] = [
  ['throttled', /Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|RateExceeded|PriorRequestNotComplete/],
  ['notYet', /^(InvocationDoesNotExist|InvalidInstanceId)$/],
  [
    'denied',
    /AccessDenied|UnauthorizedOperation|AuthFailure|UnrecognizedClient|InvalidClientTokenId|OptInRequired/,
  ],
  [
    'inUse',
    /DependencyViolation|InUse|DeleteConflict|ResourceInUse|IncorrectState|BucketNotEmpty|HasDependents/,
  ],
  ['missing', /NotFound|NoSuch|DoesNotExist|InvalidAllocationID|InvalidAMIID.Unavailable/],
  [
    'transient',
    /Timeout|InternalError|InternalFailure|InternalServerError|ServiceUnavailable|Unavailable|ECONN|EPIPE|ConnectionRefused|ConnectionClosed|NetworkingError/,
  ],
]

const TOO_MANY = 429
const SERVER_FAULT = 500

interface AwsLike {
  readonly name?: string
  readonly code?: string
  readonly cause?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** The kind of anything that a call of AWS threw; looks through wrappers. */
export function failureKind(thrown: unknown): FailureKind {
  const error = (thrown ?? {}) as AwsLike
  for (const name of [error.name, error.code]) {
    if (name === undefined || name === 'Error' || name === 'AppError') continue
    const found = NAMES.find(([, pattern]) => pattern.test(name))
    if (found !== undefined) return found[0]
  }
  const status = error.$metadata?.httpStatusCode ?? 0
  if (status === TOO_MANY) return 'throttled'
  if (status >= SERVER_FAULT) return 'transient'
  return error.cause === undefined ? 'refused' : failureKind(error.cause)
}

/** Whether a call may be made again as it is: `throttled` or `transient`. */
export function passesByItself(thrown: unknown): boolean {
  const kind = failureKind(thrown)
  return kind === 'throttled' || kind === 'transient'
}

/** Name and message of a failure, for a line of the log. */
export function describeFailure(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.name === 'Error' || thrown.name === 'AppError'
    ? thrown.message
    : `${thrown.name}: ${thrown.message}`
}
