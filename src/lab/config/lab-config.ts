import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LabSystem } from '../../brokers/lab-system.ts'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { parseDuration } from '../../workload/duration.ts'
import { configError, type Problem } from '../../workload/problem.ts'
import { check, type Locator } from '../../workload/validate.ts'
import { readYaml, type YamlSource } from '../../workload/yaml-source.ts'
import { clusterSchema, type Infrastructure, infrastructureSchema } from './infrastructure-schema.ts'
import { type MachineGroup, machineGroups } from './machine-groups.ts'
import { parseTagOptions, type Tags, tagProblems } from './tags.ts'

/** How a cloud experiment is to be, from infrastructure.yaml, the cluster files beside it and `--tag`. */
export interface LabConfig {
  readonly file: string
  /** Id that was asked for; null: bench makes one. */
  readonly id: string | null
  /** Tag Experiment. */
  readonly name: string
  /** Tag Project. */
  readonly project: string
  /** Seconds from the start after which anybody may end it. */
  readonly ttlS: number
  /** Of the person's own. */
  readonly tags: Tags
  readonly aws: Infrastructure['aws']
  readonly client: Infrastructure['compute']['client']
  readonly systems: readonly ConfiguredSystem[]
  /** All instances, for prices and for showing; load generators last. */
  readonly machines: readonly MachineGroup[]
  /** What was read and has no effect. */
  readonly notes: readonly string[]
}

export interface ConfiguredSystem {
  readonly name: string
  readonly version: string | null
  /** Variable of terraform/aws, and its value. */
  readonly variable: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface LabConfigOptions {
  /** `--tag` as typed, `key=value` each; over the file's. */
  readonly tags?: readonly string[]
  readonly systems?: readonly LabSystem[]
}

type Settings = Readonly<Record<string, unknown>>
const NOWHERE: Locator = { whereIs: () => 'default', whereIsKey: () => 'default' }

/**
 * Reads infrastructure.yaml and, beside it, NAME-cluster.yaml of each of its systems (absent: its defaults). Throws
 * `AppError('CONFIG')` with every problem of all files, each at its place, and `AppError('USAGE')` for tags typed wrong.
 */
export async function readLabConfig(file: string, options: LabConfigOptions = {}): Promise<LabConfig> {
  const { systems = LAB_SYSTEMS } = options
  const typed = parseTagOptions(options.tags ?? [])
  const yaml = await readYaml(file)
  const checked = check(infrastructureSchema(systems), yaml.data, yaml)
  if ('problems' in checked) throw configError(checked.problems)
  const infrastructure = checked.value
  const tags = { ...infrastructure.experiment.tags, ...typed }
  const problems = tagProblems(tags, (key) =>
    Object.hasOwn(typed, key) ? '--tag' : yaml.whereIsKey(['experiment', 'tags'], key),
  )
  const names = infrastructure.systems ?? [systems[0]!.name]
  const chosen = systems.filter(({ name }) => names.includes(name))
  const configured: ConfiguredSystem[] = []
  for (const system of chosen) {
    const read = await configure(system, infrastructure, yaml)
    if ('problems' in read) problems.push(...read.problems)
    else configured.push(read)
  }
  if (problems.length > 0) throw configError(problems)
  const { experiment, aws, compute } = infrastructure
  return {
    file,
    id: experiment.id ?? null,
    name: experiment.name,
    project: experiment.project,
    ttlS: parseDuration(experiment.ttl)!,
    tags,
    aws,
    client: compute.client,
    systems: configured,
    machines: machineGroups(chosen, compute),
    notes: notesOf(yaml, systems, names, aws),
  }
}

async function configure(
  system: LabSystem,
  infrastructure: Infrastructure,
  yaml: YamlSource,
): Promise<ConfiguredSystem | { readonly problems: readonly Problem[] }> {
  const { name, variable } = system
  const clusterFile = join(dirname(yaml.file), `${name}-cluster.yaml`)
  const isThere = await stat(clusterFile).then(
    () => true,
    () => false,
  )
  const clusterYaml = isThere ? await readYaml(clusterFile) : null
  const locator = clusterYaml ?? NOWHERE
  const checked = check(clusterSchema(system), clusterYaml?.data ?? {}, locator)
  if ('problems' in checked) return checked
  const cluster = checked.value
  const key = `${name}_version`
  const asked = (infrastructure[key] ?? cluster[key]) as string | undefined
  const problems: Problem[] = []
  if (cluster[key] !== undefined && cluster[key] !== asked) {
    const what = `expected ${key} as in ${yaml.file} (${asked}), got ${cluster[key]}`
    problems.push({ where: locator.whereIs([key]), what, hint: 'remove one of them' })
  }
  const version = asked ?? system.version
  const imageId = (infrastructure[`${name}_image_id`] ?? null) as string | null
  const settings = { version, imageId, compute: infrastructure.compute, cluster }
  for (const { file, path, what, hint } of system.problems?.(settings) ?? []) {
    problems.push({ where: (file === 'cluster' ? locator : yaml).whereIs(path), what, hint })
  }
  if (problems.length > 0) return { problems }
  return { name, version, variable, value: system.value(settings) }
}

/** What stands in the file for nothing; nothing is ignored in silence. */
function notesOf(
  { data, whereIsKey }: YamlSource,
  systems: readonly LabSystem[],
  names: readonly string[],
  aws: Infrastructure['aws'],
): string[] {
  const notes: string[] = []
  const compute = (data.compute ?? {}) as Settings
  for (const { name, compute: roles } of systems) {
    if (names.includes(name)) continue
    const note = (where: string, key: string) =>
      notes.push(`${where}: ${key} has no effect: systems does not name ${name}`)
    for (const key of [`${name}_version`, `${name}_image_id`])
      if (Object.hasOwn(data, key)) note(whereIsKey([], key), key)
    for (const role of Object.keys(roles))
      if (Object.hasOwn(compute, role)) note(whereIsKey(['compute'], role), `compute.${role}`)
  }
  if (aws.spot_max_price !== undefined && !aws.use_spot_instances) {
    const where = whereIsKey(['aws'], 'spot_max_price')
    notes.push(`${where}: spot_max_price has no effect: use_spot_instances is not true`)
  }
  return notes
}
