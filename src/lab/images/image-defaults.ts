import { DEFAULT_PROJECT, LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { readLabConfig } from '../config/lab-config.ts'
import type { ImageQuery } from './find-images.ts'
import type { Software } from './software.ts'

/** What a configuration says about images. */
export interface ImageDefaults {
  readonly region: string
  readonly project: string
  readonly architecture: string
  /** Software of which images are meant when none is named: the first system. */
  readonly firstSystem: string
  /** Versions asked for, by software; may hold `*`. */
  readonly versions: ReadonlyMap<string, string>
}

/** Without a configuration. */
export const DEFAULTS: ImageDefaults = {
  region: 'us-west-2',
  project: DEFAULT_PROJECT,
  architecture: 'x86_64',
  firstSystem: LAB_SYSTEMS[0]!.name,
  versions: new Map(),
}

/** Reads them from infrastructure.yaml and the cluster files beside it. Throws as `readLabConfig` does. */
export async function imageDefaults(file: string): Promise<ImageDefaults> {
  const { aws, project, systems } = await readLabConfig(file)
  const versions = systems.flatMap(({ name, version }): [string, string][] =>
    version === null ? [] : [[name, version]],
  )
  const { region, architecture } = aws
  const firstSystem = versions[0]?.[0] ?? DEFAULTS.firstSystem
  return { region, project, architecture, firstSystem, versions: new Map(versions) }
}

/**
 * The images that an experiment with these settings would take the newest of. Load generators take any version of
 * theirs, as terraform/modules/client does.
 */
export function imageQuery(
  { project, architecture, versions }: ImageDefaults,
  software: Software,
  givenVersion: string | null,
): ImageQuery {
  const standard = software.sums === 'none' ? '*' : software.version
  const version = givenVersion ?? versions.get(software.name) ?? standard
  return { project, architecture, software: software.name, version }
}
