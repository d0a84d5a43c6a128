import type { LabSystem } from '../../brokers/lab-system.ts'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { AppError } from '../../errors/app-error.ts'
import { nearest } from '../../errors/nearest.ts'

/** Something that `packer/` makes images of: tag Software, and the name of its build and its variables. */
export interface Software {
  readonly name: string
  /** The version that Packer makes when none is asked for. */
  readonly version: string
  /**
   * How another version's archive is checked: by what upstream publishes beside it, by a sum that must be given, or not
   * at all, for nothing of that version is downloaded.
   */
  readonly sums: 'published' | 'given' | 'none'
}

/** Version of the image of load generators, which is raised when its script changes. */
export const CLIENT_IMAGE_VERSION = '1'

/** All of them, the load generators' last. */
export function imageSoftware(systems: readonly LabSystem[] = LAB_SYSTEMS): readonly Software[] {
  const ofSystems = systems.flatMap(({ name, version, image }): Software[] =>
    image === undefined || version === null
      ? []
      : [{ name, version, sums: image.hasPublishedSums ? 'published' : 'given' }],
  )
  return [...ofSystems, { name: 'client', version: CLIENT_IMAGE_VERSION, sums: 'none' }]
}

/** The software of this name. Throws `AppError('USAGE')` for another name. */
export function softwareNamed(name: string, all: readonly Software[] = imageSoftware()): Software {
  const found = all.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = all.map((each) => each.name)
  const suggestion = nearest(name, names)
  throw new AppError(
    'USAGE',
    `expected --broker to be one of ${names.join(', ')}; got ${JSON.stringify(name)}`,
    suggestion === null ? {} : { hint: `did you mean: ${suggestion}` },
  )
}
