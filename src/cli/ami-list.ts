import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { findImages, newestImage, type OwnImage } from '../lab/images/find-images.ts'
import { imageQuery } from '../lab/images/image-defaults.ts'
import { softwareNamed } from '../lab/images/software.ts'
import { withEc2 } from '../lab/images/with-ec2.ts'
import { type AmiOptions, amiVerb, explained, readAmiOptions } from './ami-options.ts'
import type { Output } from './output.ts'

const HOUR_MS = 3_600_000

/** `bench ami list`: the account's images that bench made, newest first. */
export function runAmiList(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return amiVerb(
    'list',
    'List the images that bench made, newest first',
    argv,
    () => {},
    async () => {
      const options = await readAmiOptions(argv, out)
      const { project, software, givenVersion: version, givenArchitecture: architecture, context } = options
      const query = { project, software: software?.name ?? null, version, architecture }
      const images = await explained('the list of images', () =>
        withEc2(context, (client) => findImages(client, query, context, signal)),
      )
      if (options.isJson) out.stdout(JSON.stringify({ region: options.region, images }))
      else for (const line of tableOf(images, context.clock.wallMs())) out.stdout(line)
      if (images.length === 0) out.stderr(`no image of ${project} in ${options.region}`)
      return EXIT.ok
    },
  )
}

/** `bench ami latest`: only the id of the newest image that an experiment would take. */
export function runAmiLatest(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  const summary = 'Print the id of the newest image that an experiment would take'
  const describe = () => {}
  return amiVerb('latest', summary, argv, describe, async () => {
    const options = await readAmiOptions(argv, out)
    const image = await requireNewest(options, signal)
    out.stdout(options.isJson ? JSON.stringify(image) : image.id)
    return EXIT.ok
  })
}

/** The newest that matches; throws `AppError('PREPARE')` that says how to make one. */
export async function requireNewest(options: AmiOptions, signal: AbortSignal): Promise<OwnImage> {
  const { context, region } = options
  const software = options.software ?? softwareNamed(options.firstSystem)
  const query = imageQuery(options, software, options.givenVersion)
  const image = await explained('the look-up of images', () =>
    withEc2(context, (client) => newestImage(client, query, context, signal)),
  )
  if (image !== null) return image
  const version = query.version?.includes('*') ? software.version : query.version
  throw new AppError(
    'PREPARE',
    `expected an image of ${software.name} ${query.version} (${query.architecture}) for the project ${query.project} in ${region}, got none`,
    { hint: `bench ami build --broker ${software.name} --version ${version} --region ${region}` },
  )
}

/** Columns as wide as they must be. */
function tableOf(images: readonly OwnImage[], nowMs: number): string[] {
  if (images.length === 0) return []
  const rows = images.map((image) => [
    image.id,
    image.software,
    image.version,
    image.system,
    image.architecture,
    ageOf(image.createdAt, nowMs),
    `${image.sizeGiB} GiB`,
    image.state,
    ownTags(image),
  ])
  const all = [['id', 'broker', 'version', 'system', 'processor', 'age', 'size', 'state', 'tags'], ...rows]
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)))
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}

function ageOf(createdAt: string, nowMs: number): string {
  const hours = Math.max(0, Math.floor((nowMs - Date.parse(createdAt)) / HOUR_MS))
  return Number.isNaN(hours) ? '' : hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

/** Those that are in no column. */
const SHOWN = new Set(['Project', 'Software', 'SoftwareVersion', 'OS', 'ManagedBy', 'Role'])
function ownTags({ tags }: OwnImage): string {
  return Object.entries(tags)
    .filter(([key]) => !SHOWN.has(key))
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}
