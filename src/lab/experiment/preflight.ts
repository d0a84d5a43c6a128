import { AppError } from '../../errors/app-error.ts'
import { describeFailure, failureKind } from '../aws/failure.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'

const RETRIES = { attempts: 4, firstDelayMs: 200, longestDelayMs: 2_000, limitMs: 20_000 }

/**
 * Resolves when AWS answers us in this region. Throws `AppError('PREPARE')` that says what is missing: credentials, the
 * right to look, or the region itself.
 */
export async function requireAws(context: LabContext, signal: AbortSignal): Promise<void> {
  const sdk = await import('@aws-sdk/client-ec2')
  const client = new sdk.EC2Client(clientSettings(context.aws))
  const { region } = context.aws
  try {
    await credentials(() => client.config.credentials())
    const ask = () => client.send(new sdk.DescribeAvailabilityZonesCommand({}), { abortSignal: signal })
    await withRetries(ask, { what: `AWS in ${region}`, policy: RETRIES }, context, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) throw error
    const isDenied = failureKind(error) === 'denied'
    throw new AppError('PREPARE', `expected AWS to answer in ${region}, got ${describeFailure(error)}`, {
      hint: isDenied
        ? 'are the credentials right, and may they call ec2:DescribeAvailabilityZones? docs/aws-lab.md lists what the lab needs'
        : 'is aws.region right, and is there a network?',
      cause: error,
    })
  } finally {
    client.destroy()
  }
}

async function credentials(resolve: () => Promise<unknown>): Promise<void> {
  try {
    await resolve()
  } catch (error) {
    throw new AppError('PREPARE', `expected AWS credentials, found none: ${describeFailure(error)}`, {
      hint: 'aws configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      cause: error,
    })
  }
}
