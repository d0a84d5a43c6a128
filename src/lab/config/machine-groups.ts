import type { LabSystem } from '../../brokers/lab-system.ts'
import type { Infrastructure } from './infrastructure-schema.ts'

/** Instances of one role. */
export interface MachineGroup {
  /** Tag Role. */
  readonly role: string
  readonly count: number
  readonly instanceType: string
  readonly rootVolumeGiB: number
  readonly dataVolume: DataVolume | null
}

export interface DataVolume {
  readonly sizeGiB: number
  readonly type: string
  /** Beyond what the type has by itself; null: that. */
  readonly iops: number | null
  readonly throughputMiBps: number | null
}

/** What every role of every system has in common. */
interface Role {
  readonly count: number
  readonly instance_type: string
  readonly root_volume_size: number
  readonly storage?: {
    readonly volume_size: number
    readonly volume_type: string
    readonly iops?: number
    readonly throughput?: number
  }
}

/** The instances of these systems and the load generators. */
export function machineGroups(
  systems: readonly LabSystem[],
  compute: Infrastructure['compute'],
): MachineGroup[] {
  const roles = [...systems.flatMap((system) => Object.keys(system.compute)), 'client']
  return roles.map((role) => groupOf(role, compute[role] as Role))
}

function groupOf(role: string, { count, instance_type, root_volume_size, storage }: Role): MachineGroup {
  const dataVolume = storage && {
    sizeGiB: storage.volume_size,
    type: storage.volume_type,
    iops: storage.iops ?? null,
    throughputMiBps: storage.throughput ?? null,
  }
  return {
    role,
    count,
    instanceType: instance_type,
    rootVolumeGiB: root_volume_size,
    dataVolume: dataVolume ?? null,
  }
}
