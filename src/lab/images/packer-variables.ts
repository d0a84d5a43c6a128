import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { nearest } from '../../errors/nearest.ts'
import { PRODUCT_FOLDER } from '../../workload/product-folder.ts'
import type { Software } from './software.ts'

/** Folder of the templates. */
export const PACKER_FOLDER = resolve(PRODUCT_FOLDER, 'packer')

/** Operating systems of images, by the name of their source in the templates. */
export const IMAGE_SYSTEMS = { 'amazon-linux': 'amazon_linux', debian: 'debian' } as const
export type ImageSystem = keyof typeof IMAGE_SYSTEMS

/** Which image is to be made. */
export interface BuildRequest {
  readonly software: Software
  /** Exact; null: the one that the templates name. */
  readonly version: string | null
  readonly system: ImageSystem
  /** `sha512:HEX`, `sha256:HEX` or `published`; null: by what is known of the version. */
  readonly checksum: string | null
  readonly region: string
  readonly project: string
  readonly architecture: string
  /** Of the person's own, on the image and its snapshots. */
  readonly tags: Readonly<Record<string, string>>
  /** Of everything that ends with the build. */
  readonly runTags: Readonly<Record<string, string>>
  /** More variables of the templates; over all others. */
  readonly variables: Readonly<Record<string, string>>
}

/** Values of the templates' variables. Throws `AppError('USAGE')` for what cannot be built. */
export function packerVariables(
  request: BuildRequest,
  declared: ReadonlySet<string> = declaredVariables(),
): Readonly<Record<string, unknown>> {
  const { region, project, architecture, tags, runTags, variables } = request
  for (const name of Object.keys(variables)) {
    if (declared.has(name)) continue
    const suggestion = nearest(name, [...declared])
    throw new AppError(
      'USAGE',
      `expected --var to name a variable of packer/*.pkr.hcl, got ${JSON.stringify(name)}`,
      suggestion === null ? {} : { hint: `did you mean: ${suggestion}` },
    )
  }
  const common = { region, project, architecture, tags, run_tags: runTags }
  return { ...common, ...versionVariables(request, declared), ...variables }
}

function versionVariables(
  { software, version, system, checksum }: BuildRequest,
  declared: ReadonlySet<string>,
): Record<string, string> {
  const { name, sums } = software
  // Where the system's own packages are taken, it says the version, and checks what it installs.
  const ofPackages = `${name}_debian_version`
  if (system === 'debian' && declared.has(ofPackages)) {
    if (checksum !== null) throw noChecksum(name, 'its packages are checked by their signatures')
    return version === null ? {} : { [ofPackages]: version }
  }
  if (sums === 'none' && checksum !== null) throw noChecksum(name, 'nothing of that version is downloaded')
  const isPinned = version === null || version === software.version
  const sum = checksum ?? (isPinned || sums === 'none' ? null : 'published')
  if (sum === 'published' && sums === 'given')
    throw new AppError(
      'USAGE',
      `expected --checksum with ${name} ${version}: upstream publishes no sum, and only that of ${software.version} is known`,
      { hint: '--checksum sha256:HEX of the archive, which you have checked by its signature' },
    )
  return {
    ...(version !== null && { [`${name}_version`]: version }),
    ...(sum !== null && { [`${name}_checksum`]: sum }),
  }
}

function noChecksum(name: string, why: string): AppError {
  return new AppError('USAGE', `expected no --checksum with ${name}: ${why}`)
}

/** Arguments of `packer build` for the request: one source of one build. */
export function buildArguments({ software, system }: BuildRequest, variablesFile: string): string[] {
  const only = `-only=${software.name}.amazon-ebs.${IMAGE_SYSTEMS[system]}`
  return ['build', '-color=false', '-on-error=cleanup', only, `-var-file=${variablesFile}`, PACKER_FOLDER]
}

/** Names of all variables of the templates. */
export function declaredVariables(): ReadonlySet<string> {
  const texts = readdirSync(PACKER_FOLDER)
    .filter((name) => name.endsWith('.pkr.hcl'))
    .map((name) => readFileSync(join(PACKER_FOLDER, name), 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name!)))
}
