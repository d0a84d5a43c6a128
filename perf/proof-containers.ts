/**
 * Question: do the brokers really run in containers, whole and without leaving anything?
 *
 * Needs root on Linux, and nothing else of the machine's: a container engine of Debian is unpacked into the cache and
 * runs in network, mount and process namespaces of its own, so the machine's packet filters, links and mounts are not
 * touched and everything ends with this script, even by SIGKILL. Images are stand-ins under upstream's names: Kafka's
 * own jars, Debian's RabbitMQ, Pulsar's own distribution. `bench run` against all must tell the runtime container and integrity intact; then the
 * tests that need an engine run. Ends with 1 when anything differs, is left in the engine, or on the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianPackages } from '../src/brokers/provision/index.ts'
import { messageOf } from '../src/errors/app-error.ts'
import { type Orders, proveInside } from './containers/inside.ts'
import { engineFiles } from './containers/private-engine.ts'
import { makeStandIns } from './containers/stand-ins.ts'

const ORDERS = 'orders.json'
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const CGROUPS = '/sys/fs/cgroup'

const log = (line: string) => console.error(`proof: ${line}`)

async function outside(): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || Bun.which('unshare') === null) {
    log('expected root on Linux with unshare (package util-linux), and this is not: nothing was tried')
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-proof-containers-'))
  const cgroup = `bench-proof-${process.pid}`
  const before = hostState()
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  let faults: string[]
  try {
    const { root } = await engineFiles(log)
    // The tests of the engine use it, and have no network in there.
    await debianPackages(['busybox-static'], log, stop.signal)
    const standIns = await makeStandIns(folder, log, stop.signal)
    const orders: Orders = { folder, cgroupParent: `/${cgroup}`, standIns }
    await Bun.write(join(folder, ORDERS), JSON.stringify(orders))
    const code = await enterNamespaces(folder, join(root, 'usr/bin/tini-static'), stop.signal)
    faults = code === 0 ? [] : [`the part in the namespaces ended with ${code}`]
  } catch (error) {
    faults = [messageOf(error)]
  } finally {
    removeCgroups(cgroup)
  }
  faults.push(...leftOnHost(folder, before))
  rmSync(folder, { recursive: true, force: true })
  for (const fault of faults) log(`FAULT: ${fault}`)
  log(faults.length === 0 ? 'all brokers ran in containers, and nothing is left' : `${faults.length} faults`)
  return faults.length === 0 ? 0 : 1
}

/** Runs this script again inside; our end of its standard input is its lifeline. */
function enterNamespaces(folder: string, init: string, signal: AbortSignal): Promise<number> {
  const inner = [init, '-s', '--', process.execPath, import.meta.path, join(folder, ORDERS)]
  const child: ChildProcess = spawn('unshare', [...NAMESPACES, ...inner], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const onAbort = () => child.stdin?.end()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? -1))
  })
}

async function inside(ordersFile: string): Promise<number> {
  process.stdin.once('end', () => process.exit(130)).resume()
  const orders: Orders = await Bun.file(ordersFile).json()
  const faults = await proveInside(orders, log)
  for (const fault of faults) log(`FAULT: ${fault}`)
  return faults.length === 0 ? 0 : 1
}

/** What an engine on the machine itself would change. */
function hostState(): string {
  const forward = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()
  return JSON.stringify({ links: Object.keys(networkInterfaces()).sort(), forward })
}

function leftOnHost(folder: string, before: string): string[] {
  const faults: string[] = []
  if (hostState() !== before) faults.push(`the machine's network changed from ${before} to ${hostState()}`)
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  faults.push(...mounts.split('\n').flatMap((line) => (line.includes(folder) ? [`mount left: ${line}`] : [])))
  for (const pid of readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      if (commandLine.includes(folder)) faults.push(`process left: ${pid} ${commandLine.slice(0, 160)}`)
    } catch {
      // It ended while we looked.
    }
  }
  return faults
}

/** Removes the empty control groups that the engine leaves: one tree, or one a controller. */
function removeCgroups(name: string): void {
  const remove = (folder: string) => {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory()) remove(join(folder, entry.name))
      rmdirSync(folder)
    } catch {
      // Not of this layout, or not there.
    }
  }
  remove(join(CGROUPS, name))
  for (const controller of readdirSync(CGROUPS)) remove(join(CGROUPS, controller, name))
}

const ordersFile = process.argv[2]
process.exit(ordersFile === undefined ? await outside() : await inside(ordersFile))
