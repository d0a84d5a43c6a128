import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { Log } from './cache.ts'
import { mustRun, runCommand } from './command.ts'

const UPDATE_LIMIT_MS = 180_000
const RESOLVE_LIMIT_MS = 60_000
const DOWNLOAD_LIMIT_MS = 600_000
const SYSTEM_LISTS = '/var/lib/apt/lists'

/** An apt that touches nothing of the system's: no lock, no root, its own state, the machine's own sources and keys. */
export interface PrivateApt {
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Makes one below `directory`; it brings its own package lists only when the machine's are empty (about 4 s). */
export async function privateApt(directory: string, log: Log, signal: AbortSignal): Promise<PrivateApt> {
  const path = (...parts: string[]) => join(directory, ...parts)
  await mkdir(path('cache', 'archives', 'partial'), { recursive: true })
  await mkdir(path('lists', 'partial'), { recursive: true })
  await writeFile(path('status'), '')
  const lists = systemHasLists() ? SYSTEM_LISTS : path('lists')
  await writeFile(path('apt.conf'), configuration(directory, lists))
  const apt = { directory, env: { ...process.env, APT_CONFIG: path('apt.conf'), LC_ALL: 'C' } }
  if (lists !== SYSTEM_LISTS) await update(apt, log, signal)
  return apt
}

/** Replaces the machine's package lists, which may be too old to download from, by new ones of its own. */
export async function refresh(apt: PrivateApt, log: Log, signal: AbortSignal): Promise<void> {
  await writeFile(join(apt.directory, 'apt.conf'), configuration(apt.directory, join(apt.directory, 'lists')))
  await update(apt, log, signal)
}

// The empty status makes the resolver see a machine with nothing installed: the answer is the whole closure,
// the same wherever it is asked, and never an upgrade of something else.
function configuration(directory: string, lists: string): string {
  return [
    `Dir::State "${directory}";`,
    `Dir::State::Lists "${lists}";`,
    `Dir::State::status "${join(directory, 'status')}";`,
    `Dir::Cache "${join(directory, 'cache')}";`,
    `Dir::Log "${directory}";`,
    'Debug::NoLocking "1";',
    'APT::Sandbox::User "";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    '',
  ].join('\n')
}

function systemHasLists(): boolean {
  try {
    return readdirSync(SYSTEM_LISTS).some((name) => name.includes('_Packages'))
  } catch {
    return false
  }
}

async function update(apt: PrivateApt, log: Log, signal: AbortSignal): Promise<void> {
  log('apt-get: reading package lists (into a folder of our own)')
  await mustRun(
    {
      ...aptGet(apt, ['update', '-qq', '-o', 'APT::Update::Error-Mode=any']),
      limitMs: UPDATE_LIMIT_MS,
      what: 'package lists',
      hint: 'check the package sources and the network: sudo apt-get update',
    },
    signal,
  )
}

export interface DebianPackage {
  readonly name: string
  readonly version: string
}

/** The packages and everything they depend on, down to the C library. */
export async function closure(
  apt: PrivateApt,
  names: readonly string[],
  signal: AbortSignal,
): Promise<DebianPackage[]> {
  const args = ['-s', '-qq', '-y', '--no-install-recommends', 'install', ...names]
  const output = await mustRun(
    {
      ...aptGet(apt, args),
      limitMs: RESOLVE_LIMIT_MS,
      what: `packages ${names.join(', ')}`,
      hint: `sudo apt-get update && sudo apt-get install ${names.join(' ')}`,
    },
    signal,
  )
  return parseInstallations(output.stdout)
}

/** Reads `Inst name (version origin [arch])` lines of `apt-get -s install`. */
export function parseInstallations(text: string): DebianPackage[] {
  const packages: DebianPackage[] = []
  for (const line of text.split('\n')) {
    const match = /^Inst (\S+) (?:\[\S+\] )?\((\S+) /.exec(line)
    if (match) packages.push({ name: match[1]!, version: match[2]! })
  }
  return packages
}

/** Downloads `.deb` files into `folder`; old package lists are replaced once when they point to what is gone. */
export async function download(
  apt: PrivateApt,
  packages: readonly DebianPackage[],
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  const args = ['-qq', 'download', ...packages.map(({ name, version }) => `${name}=${version}`)]
  const output = await runCommand({ ...aptGet(apt, args), cwd: folder, limitMs: DOWNLOAD_LIMIT_MS }, signal)
  return output.code === 0
}

/** Names of the packages that the machine has. */
export async function installedPackages(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const args = ['-W', '-f', `\${db:Status-Status} \${Package}\\n`]
  const output = await runCommand({ command: 'dpkg-query', args, limitMs: RESOLVE_LIMIT_MS }, signal)
  const lines = output.stdout.split('\n').filter((line) => line.startsWith('installed '))
  return new Set(lines.map((line) => line.slice('installed '.length)))
}

function aptGet(apt: PrivateApt, args: readonly string[]) {
  return { command: 'apt-get', args, env: apt.env }
}

/** The error where packages cannot be had because this is no Debian-like system. */
export function noAptError(names: readonly string[]): AppError {
  return new AppError(
    'MISSING_TOOL',
    `expected apt-get and dpkg-deb to bring ${names.join(', ')}, found neither on the PATH`,
    {
      hint: `install it by your system's package manager, e.g. ${commandsElsewhere(names)}`,
    },
  )
}

// Names of other systems for what we ask of Debian.
const ELSEWHERE: readonly (readonly [RegExp, string, string])[] = [
  [/^openjdk/, 'openjdk@21', 'java-21-openjdk-headless'],
  [/^maven/, 'maven', 'maven'],
  [/^rabbitmq/, 'rabbitmq', 'rabbitmq-server'],
]

function commandsElsewhere(names: readonly string[]): string {
  const name = names[0] ?? ''
  const known = ELSEWHERE.find(([pattern]) => pattern.test(name))
  return `\`brew install ${known?.[1] ?? name}\` or \`sudo dnf install ${known?.[2] ?? name}\``
}
