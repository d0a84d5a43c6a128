import { EC2Client } from '@aws-sdk/client-ec2'
import { IAMClient } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { SSMClient } from '@aws-sdk/client-ssm'

export const REGION = 'us-west-2'

/** Nobody's: moto and the double ask for none in particular. */
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** Clients of one endpoint. */
export interface Clients {
  readonly ec2: EC2Client
  readonly iam: IAMClient
  readonly s3: S3Client
  readonly ssm: SSMClient
  destroy(): void
}

/** Makes the clients, without retries unless asked for; `destroy` closes their connections. */
export function clientsOf(endpoint: string, { maxAttempts = 1 } = {}): Clients {
  const settings = { endpoint, region: REGION, credentials: CREDENTIALS, maxAttempts }
  const ec2 = new EC2Client(settings)
  const iam = new IAMClient(settings)
  const s3 = new S3Client({ ...settings, forcePathStyle: true })
  const ssm = new SSMClient(settings)
  return {
    ...{ ec2, iam, s3, ssm },
    destroy: () => {
      for (const client of [ec2, iam, s3, ssm]) client.destroy()
    },
  }
}
