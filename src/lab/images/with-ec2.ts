import type { EC2Client } from '@aws-sdk/client-ec2'
import { clientSettings, type LabContext } from '../aws/settings.ts'

/** Calls with a client of EC2, which is closed afterwards. */
export async function withEc2<T>(context: LabContext, call: (client: EC2Client) => Promise<T>): Promise<T> {
  const { EC2Client } = await import('@aws-sdk/client-ec2')
  const client = new EC2Client(clientSettings(context.aws))
  try {
    return await call(client)
  } finally {
    client.destroy()
  }
}
