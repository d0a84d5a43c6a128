import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { cleanUp } from '../aws/cleanup/cleanup.ts'
import { describeFailure } from '../aws/failure.ts'
import { poll } from '../aws/retry.ts'
import type { LabContext } from '../aws/settings.ts'
import { imageOfId, isMadeByPacker, type OwnImage } from './find-images.ts'
import { requirePacker, runPacker } from './packer-process.ts'
import { type BuildRequest, buildArguments, PACKER_FOLDER, packerVariables } from './packer-variables.ts'
import { withEc2 } from './with-ec2.ts'

export interface Build extends BuildRequest {
  /** Tag ExperimentID of everything that ends with the build. */
  readonly buildId: string
  readonly logFile: string
}

const INIT_LIMIT_MS = 600_000
const BUILD_LIMIT_MS = 3_600_000
const CLEANUP_LIMIT_MS = 900_000
/** An image may be seen later than packer tells of it. */
const SEEN_POLL = { firstDelayMs: 500, longestDelayMs: 5_000, limitMs: 60_000 }
const STEP = /^==> /

/**
 * Makes the image with packer and resolves with it, as the account then shows it. All that packer says stands in the log
 * file; its variables go by a file that only this user may read. What a failed or interrupted build left is removed by
 * the tag of the build; the images that are there stay. Throws `AppError` of codes MISSING_TOOL, USAGE and PREPARE.
 */
export async function buildImage(build: Build, context: LabContext, signal: AbortSignal): Promise<OwnImage> {
  requirePacker()
  const variables = packerVariables(build)
  await mkdir(dirname(build.logFile), { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), 'bench-packer-'))
  try {
    const file = join(folder, 'bench.pkrvars.json')
    await writeFile(file, `${JSON.stringify(variables, null, 2)}\n`, { mode: 0o600 })
    await packer(build, ['init', PACKER_FOLDER], INIT_LIMIT_MS, context, signal)
    const lines: string[] = []
    try {
      await packer(build, buildArguments(build, file), BUILD_LIMIT_MS, context, signal, (line) =>
        lines.push(line),
      )
    } catch (error) {
      await removeRests(build.buildId, context)
      throw error
    }
    return await madeImage(build, lines, context, signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function packer(
  { logFile }: Build,
  args: readonly string[],
  limitMs: number,
  context: LabContext,
  signal: AbortSignal,
  onArtifact: (line: string) => void = () => {},
): Promise<void> {
  context.log(`packer ${args.join(' ')}`)
  const onLine = (line: string) => {
    if (STEP.test(line)) context.log(line)
    else if (ARTIFACT.test(line)) onArtifact(line)
  }
  const { code, lastLines } = await runPacker({ args, logFile, limitMs, onLine }, signal)
  if (code === 0) return
  const said = lastLines.filter((line) => line.trim() !== '').join('\n')
  throw new AppError('PREPARE', `expected packer ${args[0]} to succeed, got status ${code}:\n${said}`, {
    hint: `all it said: ${logFile}; docs/aws-troubleshooting.md names the usual causes`,
  })
}

/** The last thing that packer says: a region and an id. */
const ARTIFACT = /^([a-z]{2}(?:-[a-z]+)+-\d): (ami-[0-9a-f]{8,17})$/

async function madeImage(
  { region, project, software, logFile }: Build,
  lines: readonly string[],
  context: LabContext,
  signal: AbortSignal,
): Promise<OwnImage> {
  const told = lines.map((line) => ARTIFACT.exec(line)!).findLast(([, where]) => where === region)
  if (told === undefined)
    throw new AppError('PREPARE', `expected packer to name an image of ${region}, got none`, {
      hint: `all it said: ${logFile}`,
    })
  const id = told[2]!
  const image = await withEc2(context, (client) =>
    poll(() => imageOfId(client, id, context, signal), SEEN_POLL, context, signal),
  )
  if (
    image !== null &&
    isMadeByPacker(image) &&
    image.project === project &&
    image.software === software.name
  )
    return image
  const got = image === null ? 'no such image' : JSON.stringify(image.tags)
  throw new AppError('PREPARE', `expected ${id} with the tags of ${software.name}, got ${got}`, {
    hint: 'without its tags no experiment finds it: remove it in the console of AWS',
  })
}

/** With a limit of its own: it is called when the caller's signal may have aborted. */
async function removeRests(buildId: string, context: LabContext): Promise<void> {
  try {
    await cleanUp({ experimentId: buildId, executes: true }, context, AbortSignal.timeout(CLEANUP_LIMIT_MS))
  } catch (error) {
    context.log(`what the build left could not be removed: ${describeFailure(error)}`)
    context.log(`try: bench cleanup --experiment-id ${buildId} --execute`)
  }
}
