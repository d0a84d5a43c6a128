import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { waitUntil } from '../../src/brokers/process/index.ts'
import { type DebianRoot, debianPackages, mustRun, runCommand } from '../../src/brokers/provision/index.ts'
import type { StandIn } from './stand-ins.ts'

/** A container engine of our own, that lives in this process's namespaces only. */
export interface PrivateEngine {
  /** Environment for clients of it: DOCKER_HOST, and a PATH with a client of its version. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
  /** Runs the client; returns what it printed, or throws. */
  docker(...args: string[]): Promise<string>
  /** Ends the engine cleanly; resolves when it is gone. */
  stop(): Promise<void>
}

const ANSWER_LIMIT_MS = 60_000
const CLIENT_LIMIT_MS = 180_000
const never = new AbortController().signal

/** Debian's engine, unpacked into the cache; needs the network on first use. */
export function engineFiles(log: (line: string) => void): Promise<DebianRoot> {
  return debianPackages(['docker.io', 'containerd', 'runc', 'tini'], log, never)
}

/**
 * Starts the engine with all its state below `folder`. It sets no packet filter and forwards nothing: published ports
 * work by its own proxy, so nothing outside its network namespace could change even by mistake.
 */
export async function startPrivateEngine(folder: string, cgroupParent: string): Promise<PrivateEngine> {
  const { root, libraryPath } = await engineFiles(() => {})
  const socket = `unix://${join(folder, 'docker.sock')}`
  const logFile = join(folder, 'dockerd.log')
  const paths = [join(root, 'usr/bin'), join(root, 'usr/sbin'), process.env.PATH]
  const env = { ...process.env, PATH: paths.join(':'), DOCKER_HOST: socket, DOCKER_CONFIG: folder }
  const args = [
    ...['--data-root', join(folder, 'root'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'dockerd.pid'), '-H', socket, '--cgroup-parent', cgroupParent],
    ...['--bip', '10.213.0.1/24', '--userland-proxy-path', join(root, 'usr/sbin/docker-proxy')],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
  ]
  const output = openSync(logFile, 'a')
  const engine = spawn(join(root, 'usr/sbin/dockerd'), args, {
    env: { ...env, LD_LIBRARY_PATH: libraryPath } as NodeJS.ProcessEnv,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const docker = async (...client: string[]) => {
    const what = `docker ${client[0]} to succeed`
    const hint = `the engine's log: ${logFile}`
    const command = join(root, 'usr/bin/docker')
    return (await mustRun({ command, args: client, env, limitMs: CLIENT_LIMIT_MS, what, hint }, never)).stdout
  }
  await waitUntil(
    async () => {
      if (engine.exitCode !== null)
        throw new Error(`it ended with ${engine.exitCode}:\n${await lastLines(logFile)}`)
      const version = { command: join(root, 'usr/bin/docker'), args: ['version'], env, limitMs: 5000 }
      return (await runCommand(version, never)).code === 0
    },
    { limitMs: ANSWER_LIMIT_MS, everyMs: 200, what: 'an answer of the container engine' },
    never,
  )
  return { env, logFile, docker, stop: () => stop(engine) }
}

/** Makes the images that it will be asked for. */
export async function importImages(engine: PrivateEngine, standIns: readonly StandIn[]): Promise<void> {
  for (const { image, tar, changes } of standIns) {
    await engine.docker('import', ...changes.flatMap((change) => ['--change', change]), tar, image)
  }
}

async function stop(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return
  const gone = new Promise((resolve) => engine.once('exit', resolve))
  engine.kill('SIGTERM')
  await gone
}

async function lastLines(file: string): Promise<string> {
  return (await Bun.file(file).text()).split('\n').slice(-10).join('\n')
}
