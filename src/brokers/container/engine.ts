import { AppError } from '../../errors/app-error.ts'
import type { Log } from '../provision/cache.ts'
import { runCommand } from '../provision/command.ts'

/** A container engine that answers, reached by its command-line client. */
export interface ContainerEngine {
  readonly command: 'docker' | 'podman'
  readonly version: string
}

const ANSWER_LIMIT_MS = 3000
const INSPECT_LIMIT_MS = 10_000
const PULL_LIMIT_MS = 300_000

const ENGINES = [
  { command: 'docker', args: ['version', '--format', '{{.Server.Version}}'] },
  { command: 'podman', args: ['info', '--format', '{{.Version.Version}}'] },
] as const

/** The engine that answers within 3 s: Docker's, else Podman's; null without any. */
export async function containerEngine(): Promise<ContainerEngine | null> {
  for (const { command, args } of ENGINES) {
    if (Bun.which(command) === null) continue
    const output = await runCommand({ command, args, limitMs: ANSWER_LIMIT_MS }, new AbortController().signal)
    const version = output.stdout.trim()
    if (output.code === 0 && version !== '') return { command, version }
  }
  return null
}

/** Whether the image is on this machine, or can be pulled. */
export async function hasImage(
  engine: ContainerEngine,
  image: string,
  log: Log,
  signal: AbortSignal,
): Promise<boolean> {
  const { command } = engine
  const inspect = { command, args: ['image', 'inspect', image], limitMs: INSPECT_LIMIT_MS }
  if ((await runCommand(inspect, signal)).code === 0) return true
  log(`${command}: pulling ${image}`)
  const pull = await runCommand({ command, args: ['pull', '-q', image], limitMs: PULL_LIMIT_MS }, signal)
  return pull.code === 0
}

const SHORT_ID = /^(sha256:)?([0-9a-f]{12})/

/** The start of an image's id, as `docker images` shows it: a tag alone may mean another image tomorrow. */
export async function imageId(engine: ContainerEngine, image: string, signal: AbortSignal): Promise<string> {
  const args = ['image', 'inspect', '--format', '{{.Id}}', image]
  const output = await runCommand({ command: engine.command, args, limitMs: INSPECT_LIMIT_MS }, signal)
  return SHORT_ID.exec(output.stdout.trim())?.[2] ?? 'id unknown'
}

export type RuntimeChoice = 'native' | 'container' | 'any'

/** The runtime that `BENCH_RUNTIME` asks for. */
export function askedRuntime(): RuntimeChoice {
  const asked = process.env.BENCH_RUNTIME ?? ''
  if (asked === '') return 'any'
  if (asked === 'native' || asked === 'container') return asked
  throw new AppError('CONFIG', `expected BENCH_RUNTIME to be native or container, got '${asked}'`, {
    hint: 'unset it to let bench choose',
  })
}

/**
 * The engine to run this image with; null means: start it natively. Says why, in one line. Throws
 * `AppError('MISSING_TOOL')` where a container was asked for and none can be had.
 */
export async function chooseEngine(
  image: string,
  log: Log,
  signal: AbortSignal,
): Promise<ContainerEngine | null> {
  const asked = askedRuntime()
  if (asked === 'native') return null
  const engine = await containerEngine()
  if (engine !== null && (await hasImage(engine, image, log, signal))) return engine
  const reason = engine === null ? 'no container engine answers' : `${engine.command} cannot get ${image}`
  if (asked === 'container') {
    throw new AppError('MISSING_TOOL', `expected a container (BENCH_RUNTIME=container), but ${reason}`, {
      hint:
        engine === null
          ? 'start Docker or Podman, or unset BENCH_RUNTIME'
          : `${engine.command} pull ${image}`,
    })
  }
  log(`${reason}: starting it natively`)
  return null
}
