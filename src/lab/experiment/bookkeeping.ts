import type { LabConfig } from '../config/lab-config.ts'
import { isUp, type SeenInstance, seenInstances } from './instances.ts'
import type { Life } from './life.ts'
import type { ExperimentInstance } from './record.ts'

/** Disks of a role, as the configuration asks for them. */
export type Disks = Pick<LabConfig, 'machines'>

/** Reads from AWS which instances there are and writes them down: what was made must be paid for, however it was made. */
export async function recordInstances(life: Life, disks: Disks, signal: AbortSignal): Promise<void> {
  const { experimentId } = life.record()
  const seen = await seenInstances(experimentId, life.context, signal)
  const known = new Map(life.record().instances.map((each) => [each.id, each]))
  for (const each of seen) {
    const before = known.get(each.id)
    known.set(each.id, before === undefined ? entryOf(each, disks, life) : ended(before, each, life))
  }
  await life.update({ instances: [...known.values()] })
}

function entryOf(seen: SeenInstance, { machines }: Disks, life: Life): ExperimentInstance {
  const { id, role, name, instanceType, spot, privateIp, publicIp, launchedMs } = seen
  const group = machines.find((each) => each.role === role)
  const entry = {
    ...{ id, role, name, instanceType, spot, privateIp, publicIp, launchedMs },
    endedMs: null,
    rootDiskGb: group?.rootVolumeGiB ?? 0,
    dataDiskGb: group?.dataVolume?.sizeGiB ?? 0,
  }
  return ended(entry, seen, life)
}

function ended(instance: ExperimentInstance, seen: SeenInstance, life: Life): ExperimentInstance {
  if (instance.endedMs !== null || isUp(seen) || seen.isMarked) return instance
  return { ...instance, endedMs: life.environment.clock.wallMs() }
}

/** After a clean-up that left nothing. */
export async function recordAllEnded(life: Life): Promise<void> {
  const nowMs = life.environment.clock.wallMs()
  const instances = life.record().instances.map((each) => ({ ...each, endedMs: each.endedMs ?? nowMs }))
  await life.update({ instances })
}
