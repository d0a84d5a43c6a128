import type { Box } from './box/box.ts'

/** What the agent of an instance does: answers, has fallen silent, or never registers. */
export type AgentState = 'online' | 'lost' | 'never'

/** An instance that runs, or ran, as the double knows it. */
export interface Machine {
  readonly id: string
  readonly type: string
  readonly imageId: string
  readonly vpcId: string
  readonly subnetId: string
  readonly address: string
  readonly publicAddress: string | null
  readonly zone: string
  /** Name of its instance profile; without one it is not managed by SSM. */
  readonly profile: string | null
  readonly userData: string
  readonly isSpot: boolean
  /** Of its spot request; null on demand. */
  readonly spotRequestId: string | null
  /** As last seen. */
  tags: Readonly<Record<string, string>>
  readonly diskGb: number
  readonly startedMs: number
  endedMs: number | null
  /** Stopped, and so may be started again. */
  isStopped: boolean
  agent: AgentState
  /** Null while it boots, after its end, and where nothing executes. */
  box: Box | null
  /** Exit status of the user data: null while it runs, or when the instance ended before. */
  userDataStatus: number | null
  /** Instant of the spot interruption it was told of. */
  interruptedAtMs: number | null
  /** Why it ended, as AWS says it. */
  stateReason: { readonly code: string; readonly message: string } | null
}

/** Whether it runs: it may still boot. */
export function isLive(machine: Machine): boolean {
  return machine.endedMs === null
}

/** Whether SSM can send it commands. */
export function isManaged(machine: Machine): boolean {
  return isLive(machine) && machine.box !== null && machine.profile !== null && machine.agent !== 'never'
}
