import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { ec2Answer, errorAnswer } from './answers.ts'
import { type ApiCall, listOf } from './api-call.ts'
import type { Instances } from './instances.ts'

const SHUTTING_DOWN = { code: 32, name: 'shutting-down' } as const

/** Instances that take their time to end: moto ends them at once. */
export interface Endings {
  /** TerminateInstances, when endings take time; null when moto shall do it. */
  answer(call: ApiCall): Promise<Response | null>
  /** The state of an instance that is ending; null of the others. */
  stateOf(id: string): typeof SHUTTING_DOWN | null
}

export interface EndingsOptions {
  readonly ec2: EC2Client
  readonly instances: Instances
  /** How long an instance is shutting down; 0 for not at all. */
  readonly delayMs: () => number
  readonly after: (delayMs: number, callback: () => void) => () => void
}

/** Nothing is ending yet. */
export function makeEndings({ ec2, instances, delayMs, after }: EndingsOptions): Endings {
  const ending = new Set<string>()
  const terminate = async (id: string) => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    ending.delete(id)
    await instances.reconcile()
  }
  const answer = async ({ service, action, parameters }: ApiCall) => {
    if (service !== 'ec2' || action !== 'TerminateInstances') return null
    const ids = listOf(parameters, 'InstanceId')
    if (delayMs() === 0) {
      for (const id of ids) ending.delete(id)
      return null
    }
    const missing = ids.find((id) => !instances.all.has(id))
    if (missing !== undefined)
      return errorAnswer('ec2', {
        code: 'InvalidInstanceID.NotFound',
        message: `The instance ID '${missing}' does not exist`,
      })
    for (const id of ids) {
      if (ending.has(id) || instances.all.get(id)!.endedMs !== null) continue
      ending.add(id)
      await instances.kill(id)
      after(delayMs(), () => void terminate(id).catch(() => {}))
    }
    const item = (id: string) =>
      `<item><instanceId>${id}</instanceId><currentState><code>32</code><name>shutting-down</name></currentState><previousState><code>16</code><name>running</name></previousState></item>`
    return ec2Answer(action, `<instancesSet>${ids.map(item).join('')}</instancesSet>`)
  }
  return { answer, stateOf: (id) => (ending.has(id) ? SHUTTING_DOWN : null) }
}
