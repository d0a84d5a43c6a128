import { enter, type Holder, must, startHolder } from './holder.ts'

/**
 * The namespaces in which all instances of one test double live: processes, mounts and network of their own, so that
 * the host sees no link, no mount and no file of them, and all of it ends when the world's first process does.
 */
export interface World {
  readonly pid: number
  /** Namespaces of the world that a new instance starts from. */
  inside(command: readonly string[]): string[]
  /** Forgets the files of an instance that has ended. */
  forget(name: string): Promise<void>
  end(): Promise<void>
}

/** Where the world keeps the files of its instances: a tmpfs that nobody outside sees. */
export const STATE_FOLDER = '/mnt'

// `read` reaps: as the first process the shell inherits every orphan.
const SCRIPT = `
mount -t proc proc /proc &&
mount -t tmpfs -o size=\${1}m,mode=755 tmpfs ${STATE_FOLDER} &&
ip link set lo up && echo ready
while read -r _; do :; done
`

const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--propagation', 'private']
/** A limit, taken as it is filled: the shipped plan writes 9 GB with three copies. */
const STATE_SIZE_MIB = 14_336

/** Starts an empty world. Needs root. */
export async function startWorld(): Promise<World> {
  const shell = ['bash', '-c', SCRIPT, 'world', String(STATE_SIZE_MIB)]
  const holder: Holder = await startHolder(['unshare', ...NAMESPACES, ...shell], 'namespaces of instances')
  return {
    pid: holder.pid,
    inside: (command) => enter(holder.pid, ['-m', '-n', '-p'], command),
    forget: (name) => must(enter(holder.pid, ['-m'], ['rm', '-rf', `${STATE_FOLDER}/${name}`])),
    end: holder.end,
  }
}

/** What is missing for instances that execute, as a sentence; null when nothing is. */
export function missingForBoxes(): string | null {
  if (process.platform !== 'linux') return 'Linux: instances are network namespaces'
  if (process.getuid?.() !== 0) return 'root: instances are network namespaces'
  const programs = ['unshare', 'nsenter', 'ip', 'setsid', 'bash'].filter((name) => Bun.which(name) === null)
  if (programs.length > 0) return `${programs.join(', ')} (packages util-linux, iproute2, bash)`
  const attempt = Bun.spawnSync(['unshare', '--net', '--mount', '--pid', '--fork', 'true'])
  return attempt.exitCode === 0 ? null : 'the right to make namespaces (CAP_SYS_ADMIN)'
}
