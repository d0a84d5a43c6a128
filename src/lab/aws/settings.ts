import type { Waiting } from './retry.ts'

/** Which AWS is spoken to; what is not given comes from the environment and the user's files, as AWS's tools do it. */
export interface AwsSettings {
  readonly region: string
  /** Of all services, for a stand-in; default: AWS's own. */
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What everything in this folder needs besides AWS. */
export interface LabContext extends Waiting {
  readonly aws: AwsSettings
  /** One line of progress. Never gets a secret. */
  readonly log: (line: string) => void
}

/**
 * Settings of an SDK client. Its own retries are off: those of `withRetries` have limits and a clock that tests hold.
 */
export function clientSettings(aws: AwsSettings) {
  return {
    region: aws.region,
    maxAttempts: 1,
    ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }),
    ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
  }
}
