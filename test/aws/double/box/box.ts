import { closeSync, openSync } from 'node:fs'
import { childOf, enter, killQuietly, PLAIN_ENV, startHolder } from './holder.ts'
import type { VpcNetwork } from './network.ts'
import { STATE_FOLDER, type World } from './world.ts'

export interface BoxOptions {
  /** The instance's id; the host name is made of the address, as AWS does. */
  readonly id: string
  readonly address: string
  /** Folder whose files the instance starts from: writes go to a layer of its own. */
  readonly image: string
  /** Folders of the host that the instance sees at the same path, read-only. */
  readonly shared: readonly string[]
  /** Files written before anything runs, by absolute path. */
  readonly files: Readonly<Record<string, string>>
}

/** A running instance: namespaces of its own over a copy-on-write root. */
export interface Box {
  readonly id: string
  readonly address: string
  readonly pid: number
  /** Writes a file of root's that all may read and run; its folder is made. */
  write(path: string, text: string): Promise<void>
  /** Starts a shell script in it. Its background processes outlive it, and end with the box. */
  run(job: Job): Running
  /** Kills all that runs in it and forgets its files. Idempotent. */
  end(): Promise<void>
}

export interface Job {
  readonly script: string
  /** Where the script is written in the box, and run from. */
  readonly path: string
  /** Working directory in the box; made when it is not there. */
  readonly folder: string
  /** Files of the host for its output: background processes may hold them open, a pipe would never end. */
  readonly stdout: string
  readonly stderr: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Running {
  /** Exit status; 128 + the signal's number when a signal ended it, as a shell says. */
  readonly exited: Promise<number>
  /** Kills it and the children of its process group. */
  kill(): Promise<void>
}

// Everything of the host's own that the overlay does not carry is mounted anew; then the old root goes. Of its devices
// only those without a state come along: a boot script that looks for a free disk must find none of the host's.
const BOX_SCRIPT = `
set -e
name=$1 image=$2; shift 2
base=${STATE_FOLDER}/$name
mkdir -p "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$base/upper,workdir=$base/work" "$base/root"
cd "$base/root"
mkdir -p proc sys dev tmp run mnt
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for link in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/\${link#*:}" "dev/\${link%:*}"; done
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
for folder; do
  mkdir -p ".$folder"
  mount --bind "$folder" ".$folder"
  mount -o remount,bind,ro ".$folder"
done
pivot_root . mnt
exec chroot . /bin/bash -c 'umount -l /mnt && echo ready; while read -r _; do :; done'
`

const NAMESPACES = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child']
const ALL = ['-m', '-u', '-i', '-n', '-p', '-r', '-w']

// The script gets no input: what reads it must see its end.
const RUN_SCRIPT = `
mkdir -p "\${1%/*}" "$2" && cat > "$1" && chmod 700 "$1" && cd "$2" && exec sh -c "$1" < /dev/null
`
// A link of the image may lead where nothing is.
const WRITE_SCRIPT = `mkdir -p "\${1%/*}" && rm -f "$1" && cat > "$1" && chmod 755 "$1"`

/** Starts the namespaces of an instance and puts it on the network of its VPC. */
export async function startBox(world: World, network: VpcNetwork, options: BoxOptions): Promise<Box> {
  const { id, address, image, shared } = options
  const shell = ['bash', '-c', BOX_SCRIPT, 'box', id, image, ...shared]
  const unshare = ['unshare', ...NAMESPACES, '--propagation', 'private', ...shell]
  const holder = await startHolder(world.inside(unshare), `instance ${id}`)
  try {
    await network.connect(holder.pid, address)
    const hostname = `ip-${address.replaceAll('.', '-')}`
    await runOnce(holder.pid, ['hostname', hostname], '')
    const hosts = `127.0.0.1 localhost\n${address} ${hostname}.ec2.internal ${hostname}\n`
    const files = { '/etc/hosts': hosts, '/etc/hostname': `${hostname}\n`, ...options.files }
    for (const [path, text] of Object.entries(files)) await write(holder.pid, path, text)
  } catch (error) {
    await holder.end()
    throw error
  }
  const end = async () => {
    await holder.end()
    await world.forget(id).catch(() => {})
  }
  return {
    ...{ id, address, pid: holder.pid, end },
    write: (path, text) => write(holder.pid, path, text),
    run: (job) => run(holder.pid, job),
  }
}

function run(pid: number, job: Job): Running {
  // A session of its own: its leader's group is what a cancel kills.
  const command = ['setsid', 'bash', '-c', RUN_SCRIPT, 'run', job.path, job.folder]
  const outputs = [openSync(job.stdout, 'w'), openSync(job.stderr, 'w')] as const
  const child = Bun.spawn(enter(pid, ALL, command), {
    env: { ...PLAIN_ENV, ...job.env },
    stdio: [new Blob([job.script]), ...outputs],
  })
  for (const output of outputs) closeSync(output)
  const kill = async () => {
    const leader = await childOf(child.pid)
    // It may be killed before it leads a group.
    if (leader !== null) for (const target of [-leader, leader]) killQuietly(target)
    await child.exited
  }
  return { exited: child.exited, kill }
}

function write(pid: number, path: string, text: string): Promise<void> {
  return runOnce(pid, ['bash', '-c', WRITE_SCRIPT, 'write', path], text)
}

async function runOnce(pid: number, command: readonly string[], input: string): Promise<void> {
  const child = Bun.spawn(enter(pid, ALL, command), {
    env: PLAIN_ENV,
    stdio: [new Blob([input]), 'ignore', 'pipe'],
  })
  const errors = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`expected status 0 of ${command.join(' ')}, got: ${errors}`)
}
