import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type FoundExperiment, labExperiments, labFolder, readRecord } from '../../lab/experiment/folder.ts'
import { driverState } from '../../lab/experiment/life.ts'
import type { ExperimentRecord } from '../../lab/experiment/record.ts'

/** A cloud experiment in `bench list`. */
export type ListedCloud =
  | { readonly id: string; readonly directory: string; readonly problem: string }
  | {
      readonly id: string
      readonly directory: string
      readonly cloud: {
        readonly state: ExperimentRecord['state']
        /** Its bench died before it was done. */
        readonly crashed: boolean
        readonly region: string
        readonly systems: readonly string[]
        readonly expiresAt: string
        readonly applyToReadyMs: number | null
        readonly machines: number
        readonly runs: readonly { readonly name: string; readonly outcome: string }[]
      }
    }

/** All cloud experiments, newest first. */
export async function cloudExperiments(home: string): Promise<ListedCloud[]> {
  return (await labExperiments(home)).map((each) => {
    const { id, directory } = each.folder
    if ('problem' in each) return { id, directory, problem: each.problem }
    const { state, region, systems, expiresAtMs, applyToReadyMs, instances, runs } = each.record
    return {
      id,
      directory,
      cloud: {
        ...{ state, region, systems, applyToReadyMs, crashed: driverState(each.record) === 'dead' },
        expiresAt: new Date(expiresAtMs).toISOString(),
        machines: instances.filter(({ endedMs }) => endedMs === null).length,
        runs: runs.map(({ name, outcome }) => ({ name, outcome })),
      },
    }
  })
}

/** One line each. */
export function cloudLines(listed: readonly ListedCloud[]): string[] {
  return listed.map((each) => {
    if ('problem' in each) return `${each.id}  unreadable: ${each.problem}`.replaceAll(/\p{Cc}+/gu, ' ')
    const { state, crashed, region, systems, expiresAt, machines, runs } = each.cloud
    const done = runs.filter(({ outcome }) => outcome === 'done').length
    return [
      each.id,
      `${region}: ${systems.join(', ')}`,
      crashed ? `${state}, its bench died: bench reap` : state,
      ...(machines > 0 ? [`${machines} machines until ${expiresAt}`] : []),
      ...(runs.length > 0 ? [`${done} of ${runs.length} runs done`] : []),
    ].join('  ')
  })
}

/** The experiment of this id, or the newest of all for `latest`, if it is one on AWS; else null. */
export async function cloudExperiment(idOrLatest: string, home: string): Promise<FoundExperiment | null> {
  const id = idOrLatest === 'latest' ? await readlink(join(home, 'latest')).catch(() => null) : idOrLatest
  if (id === null || id === '' || id.includes('/') || id === '.' || id === '..') return null
  const folder = labFolder(id, home)
  const record = await readRecord(folder)
  return record === null ? null : { folder, record }
}
