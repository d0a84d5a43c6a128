import { describeFailure } from '../aws/failure.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'

/** The last lines that an instance wrote to its console; a sentence when they are not to be had. */
export async function consoleEnd(
  instanceId: string,
  lines: number,
  context: LabContext,
  signal: AbortSignal,
): Promise<string> {
  const sdk = await import('@aws-sdk/client-ec2')
  const client = new sdk.EC2Client(clientSettings(context.aws))
  try {
    const request = new sdk.GetConsoleOutputCommand({ InstanceId: instanceId })
    const { Output } = await client.send(request, { abortSignal: signal })
    const text = Buffer.from(Output ?? '', 'base64')
      .toString('utf8')
      .trimEnd()
    return text === '' ? 'it has written nothing yet' : text.split('\n').slice(-lines).join('\n')
  } catch (error) {
    signal.throwIfAborted()
    return `its console cannot be read: ${describeFailure(error)}`
  } finally {
    client.destroy()
  }
}
