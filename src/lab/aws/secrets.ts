import type { SSMClient } from '@aws-sdk/client-ssm'
import { AppError } from '../../errors/app-error.ts'
import { failureKind } from './failure.ts'
import { withRetries } from './retry.ts'
import { clientSettings, type LabContext } from './settings.ts'

/** Secrets of an experiment, kept as SecureString parameters: instances read them, no command carries them. */
export interface Secrets {
  /** Writes or replaces one; `tags` must name the experiment, or nobody finds it again. */
  put(name: string, value: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>
  /** Removes them; those that are gone already do not matter. */
  remove(names: readonly string[], signal: AbortSignal): Promise<void>
  close(): void
}

/** Opens the parameter store; nothing is sent yet. */
export async function openSecrets(context: LabContext): Promise<Secrets> {
  const sdk = await import('@aws-sdk/client-ssm')
  const client: SSMClient = new sdk.SSMClient(clientSettings(context.aws))
  const retried = async (what: string, call: () => Promise<unknown>, signal: AbortSignal) => {
    try {
      await withRetries(call, { what }, context, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw withoutMessage(what, error)
    }
  }
  const replace = async (
    name: string,
    value: string,
    Tags: { Key: string; Value: string }[],
    signal: AbortSignal,
  ) => {
    const secret = { Name: name, Value: value, Type: 'SecureString' as const, Overwrite: true }
    await retried(`PutParameter ${name}`, () => client.send(new sdk.PutParameterCommand(secret)), signal)
    const tagged = { ResourceType: 'Parameter' as const, ResourceId: name, Tags }
    await retried(`tags of ${name}`, () => client.send(new sdk.AddTagsToResourceCommand(tagged)), signal)
  }
  return {
    put: async (name, value, tags, signal) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      // Tagged from its first moment. AWS takes no tags when it replaces one.
      const secret = { Name: name, Value: value, Type: 'SecureString' as const, Tags }
      try {
        await retried(`PutParameter ${name}`, () => client.send(new sdk.PutParameterCommand(secret)), signal)
      } catch (error) {
        if ((error as { cause?: string }).cause !== 'ParameterAlreadyExists') throw error
        await replace(name, value, Tags, signal)
      }
    },
    remove: async (names, signal) => {
      for (const Name of names) {
        const gone = async () => {
          try {
            await client.send(new sdk.DeleteParameterCommand({ Name }))
          } catch (error) {
            if (failureKind(error) !== 'missing') throw error
          }
        }
        await retried(`DeleteParameter ${Name}`, gone, signal)
      }
    },
    close: () => client.destroy(),
  }
}

/** AWS quotes what it refuses: only the name of such an error may be seen. */
function withoutMessage(what: string, error: unknown): AppError {
  const cause = nameOf(error)
  return new AppError('PREPARE', `expected ${what} to succeed, got ${cause}`, {
    hint: 'may this user write parameters (ssm:PutParameter, ssm:AddTagsToResource, ssm:DeleteParameter)?',
    cause,
  })
}

function nameOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: unknown }
  return name === 'AppError' && cause !== undefined ? nameOf(cause) : (name ?? 'an error')
}
