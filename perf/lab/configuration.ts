import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './lab-double.ts'
import { SYSTEMS } from './systems.ts'

/** Writes what `bench full --config` reads, for these systems; the path of the file. JSON is YAML too. */
export function writeConfiguration(folder: string, experimentId: string, names: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  const write = (file: string, content: unknown) => {
    const path = join(folder, file)
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`)
    return path
  }
  const roles = names.flatMap((name) => Object.entries(SYSTEMS[name]!.nodes))
  const compute = Object.fromEntries(roles.map(([role, count]) => [role, { count }]))
  for (const name of names) write(`${name}-cluster.yaml`, SYSTEMS[name]!.cluster)
  const versions = names.map((name) => [`${name}_version`, SYSTEMS[name]!.cluster[`${name}_version`]])
  return write('infrastructure.yaml', {
    experiment: { id: experimentId, name: 'proof of the lab', project: PROJECT, ttl: '2h' },
    systems: names,
    ...Object.fromEntries(versions),
    compute,
  })
}
