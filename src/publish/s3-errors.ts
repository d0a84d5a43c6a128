import { AppError, messageOf } from '../errors/app-error.ts'

interface Place {
  readonly bucket: string
  readonly endpoint: string | undefined
}

interface S3Failure {
  /** The service's code, or the SDK's. */
  readonly name: string
  /** Of the connection, as `ECONNREFUSED`. */
  readonly code: string
  readonly status: number
}

const REFUSED = new Set([
  'AccessDenied',
  'Forbidden',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'AccessDeniedException',
  'UnrecognizedClientException',
])
const OTHER_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])

/** Whether the object is not there. */
export function isMissing(error: unknown): boolean {
  const { name, status } = failureOf(error)
  return name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && name !== 'NoSuchBucket')
}

/**
 * What went wrong, in words: `AppError('CONFIG')` for what the caller can set right (credentials, bucket, permission,
 * region), `AppError('STORAGE')` for a service that could not be reached or failed. `what` completes "could not …".
 */
export function s3Error(what: string, error: unknown, { bucket, endpoint }: Place): AppError {
  const failure = failureOf(error)
  const { name, code, status } = failure
  const service = endpoint ?? 'Amazon S3'
  const config = (message: string, hint: string) =>
    new AppError('CONFIG', `could not ${what}: ${message}`, { hint, cause: error })
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name)) {
    return config(
      'expected AWS credentials, found none that hold',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine or the job a role',
    )
  }
  if (name === 'NoSuchBucket' || (status === 404 && name !== 'NoSuchKey')) {
    return config(
      `expected a bucket ${bucket} at ${service}, there is none`,
      'make the bucket first; bench never makes one',
    )
  }
  if (OTHER_REGION.has(name) || status === 301 || status === 307) {
    return config(
      `the bucket ${bucket} lies in another region`,
      'name its region with --region or AWS_REGION',
    )
  }
  if (/^Region is missing/.test(messageOf(error))) {
    return config('expected a region, got none', 'set AWS_REGION, or name it with --region')
  }
  if (REFUSED.has(name) || status === 401 || status === 403) {
    return config(
      `${service} refused (${name})`,
      `the credentials must be valid and allow s3:ListBucket on ${bucket} and s3:GetObject, s3:PutObject and s3:DeleteObject below it`,
    )
  }
  const told = code !== '' && !messageOf(error).includes(code) ? `${code}: ` : ''
  return new AppError('STORAGE', `could not ${what}: ${told}${reasonOf(error, failure)}`, {
    hint: isUnreachable(failure)
      ? `nobody answers at ${service}: check AWS_ENDPOINT_URL, --endpoint and the network`
      : 'publish again: what has arrived is not sent twice',
    cause: error,
  })
}

function failureOf(error: unknown): S3Failure {
  const { name, Code, code, $metadata } = (error ?? {}) as {
    name?: string
    Code?: string
    code?: string
    $metadata?: { httpStatusCode?: number }
  }
  return {
    name: Code ?? name ?? '',
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode ?? 0,
  }
}

function reasonOf(error: unknown, { name, status }: S3Failure): string {
  const message = messageOf(error)
  if (message !== '' && message !== name)
    return status === 0 ? message : `${name}: ${message} (HTTP ${status})`
  return status === 0 ? name || 'no reason given' : `${name} (HTTP ${status})`
}

function isUnreachable({ name, code }: S3Failure): boolean {
  return (
    name === 'TimeoutError' ||
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ConnectionRefused|FailedToOpenSocket)$/.test(
      code,
    )
  )
}
