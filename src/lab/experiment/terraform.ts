import { z } from 'zod'
import { AppError } from '../../errors/app-error.ts'
import { runChild } from './child.ts'
import type { LabFolder } from './folder.ts'
import type { ExperimentLog } from './log.ts'

/** What the root needs: write-only arguments keep secrets out of the state. */
const LEAST_VERSION = [1, 11] as const
const LIMITS_MS = { version: 60_000, init: 600_000, apply: 1_800_000, destroy: 1_800_000, output: 120_000 }
/** Changes told on the terminal: every so many. */
const TOLD_EVERY = 10
const ERROR_LINES = 30

type Environment = Readonly<Record<string, string | undefined>>

/** What an apply gives back. */
export interface LabOutputs {
  readonly bucket: string
  readonly instanceIds: readonly string[]
}

/** Terraform in the folder of one experiment. Each call throws `AppError('PREPARE')` with Terraform's own words. */
export interface Terraform {
  init(signal: AbortSignal): Promise<void>
  apply(signal: AbortSignal): Promise<void>
  destroy(signal: AbortSignal): Promise<void>
  outputs(signal: AbortSignal): Promise<LabOutputs>
}

export interface TerraformOptions {
  readonly command: string
  readonly folder: LabFolder
  readonly environment: Environment
  /** Values of variables that must stand in no file: they go by the environment. */
  readonly secrets: Readonly<Record<string, unknown>>
  readonly log: ExperimentLog
}

/**
 * The path of Terraform. Throws `AppError('MISSING_TOOL')` when it is not on the PATH, or too old.
 */
export async function requireTerraform(environment: Environment, signal: AbortSignal): Promise<string> {
  const hint = 'install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install)'
  const command = Bun.which('terraform', { PATH: environment.PATH ?? '' })
  if (command === null)
    throw new AppError('MISSING_TOOL', 'expected terraform on the PATH, found none', { hint })
  const lines: string[] = []
  const end = await runChild(
    {
      ...{ command, args: ['version', '-json'], cwd: '/', limitMs: LIMITS_MS.version },
      env: childEnvironment(environment),
      onLine: (line) => lines.push(line),
    },
    signal,
  )
  signal.throwIfAborted()
  const version = /"terraform_version": *"(\d+)\.(\d+)[^"]*"/.exec(lines.join('\n'))
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)]
  if (major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1])) return command
  const got = version === null ? (end.failure ?? `status ${end.code}`) : `${major}.${minor}`
  throw new AppError(
    'MISSING_TOOL',
    `expected Terraform ${LEAST_VERSION.join('.')} or newer, got ${got} from ${command}`,
    { hint },
  )
}

/** Terraform in an experiment's folder; nothing is run yet. */
export function openTerraform(options: TerraformOptions): Terraform {
  const { log, secrets } = options
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(secrets)) {
    variables[`TF_VAR_${name}`] = JSON.stringify(value)
    for (const secret of Object.values(value as object)) log.hide(String(secret))
  }
  const env = { ...childEnvironment(options.environment), ...variables }
  const run = (verb: keyof typeof LIMITS_MS, args: readonly string[], signal: AbortSignal) =>
    runTerraform({ ...options, env, verb, args }, signal)
  return {
    init: async (signal) => void (await run('init', ['-input=false', '-no-color'], signal)),
    apply: async (signal) =>
      void (await run('apply', ['-auto-approve', '-input=false', '-no-color'], signal)),
    destroy: async (signal) =>
      void (await run('destroy', ['-auto-approve', '-input=false', '-no-color'], signal)),
    outputs: async (signal) => outputsOf(await run('output', ['-json', '-no-color'], signal)),
  }
}

function childEnvironment(environment: Environment): Environment {
  // Its own log would show what we keep from ours.
  const own = Object.entries(environment).filter(([name]) => !/^TF_(LOG|CLI_ARGS)/.test(name))
  return { ...Object.fromEntries(own), TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' }
}

interface Call extends TerraformOptions {
  readonly env: Environment
  readonly verb: keyof typeof LIMITS_MS
  readonly args: readonly string[]
}

async function runTerraform(call: Call, signal: AbortSignal): Promise<string> {
  const { command, folder, verb, args, env, log } = call
  const stdout: string[] = []
  const stderr: string[] = []
  const progress = changeCounter(verb, log)
  log.log(`$ terraform ${[verb, ...args].join(' ')} in ${folder.terraformDirectory}`)
  const end = await runChild(
    {
      ...{ command, args: [verb, ...args], cwd: folder.terraformDirectory, env },
      limitMs: LIMITS_MS[verb],
      onLine: (line, stream) => {
        const lines = stream === 'stdout' ? stdout : stderr
        lines.push(line)
        if (verb === 'output' && stream === 'stdout') return
        if (/^(Apply|Destroy) complete!/.test(line)) log.tell(`terraform: ${line}`)
        else if (line.trim() !== '') log.log(`terraform: ${line}`)
        progress(line)
      },
    },
    signal,
  )
  signal.throwIfAborted()
  if (end.code === 0) return stdout.join('\n')
  const said = errorOf(stderr.length > 0 ? stderr : stdout)
  throw new AppError(
    'PREPARE',
    `expected terraform ${verb} to succeed, got ${end.failure ?? `status ${end.code}`}${said === '' ? '' : `:\n${said}`}`,
    { hint: `all it said is in ${folder.logFile}` },
  )
}

function changeCounter(verb: string, log: ExperimentLog): (line: string) => void {
  let count = 0
  return (line) => {
    if (!/: (Creation|Destruction) complete after /.test(line)) return
    count++
    if (count % TOLD_EVERY === 0) log.tell(`terraform ${verb}: ${count} resources so far`)
  }
}

/** From the first error on, without the frame that Terraform draws around it. */
function errorOf(lines: readonly string[]): string {
  const plain = lines.map((line) => line.replace(/^[╷│╵ ]+/, '').trimEnd()).filter((line) => line !== '')
  const first = plain.findIndex((line) => line.startsWith('Error:'))
  return (first < 0 ? plain.slice(-ERROR_LINES) : plain.slice(first, first + ERROR_LINES)).join('\n')
}

const outputs = z.object({
  bucket: z.object({ value: z.string() }),
  instances: z.object({ value: z.array(z.object({ id: z.string() })) }),
})

function outputsOf(text: string): LabOutputs {
  let data: unknown = null
  try {
    data = JSON.parse(text)
  } catch {
    // Told below.
  }
  const parsed = outputs.safeParse(data)
  if (!parsed.success) {
    const what = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    throw new AppError('PREPARE', `expected the outputs bucket and instances of Terraform, got: ${what}`, {
      hint: 'was the apply cut short? go on with: bench setup --experiment-id ID',
    })
  }
  const { bucket, instances } = parsed.data
  return { bucket: bucket.value, instanceIds: instances.value.map(({ id }) => id) }
}
