/**
 * Question: does a lab that is interrupted, or killed, leave anything on this machine?
 *
 * Needs what `perf/proof-lab.ts` needs. Starts that with three real Kafka nodes and, when they are up and bench measures
 * them, ends it: by Ctrl-C, which must leave nothing in the account either, and by SIGKILL, when only the system can clean
 * up. Every process that descended from it must end, and mounts and links must be as before. Ends with 1 when anything
 * is left.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify, isSame, type ProcessIdentity } from '../src/brokers/process/index.ts'
import { descendants } from './process-tree.ts'

const READY_LIMIT_MS = 1_200_000
const END_LIMIT_MS = 300_000
const LOOK_EVERY_MS = 200
/** Processes of a lab with four instances: moto, Terraform is over, a chain of four for each, relays, brokers. */
const LEAST_PROCESSES = 15

const log = (line: string) => console.error(`proof: ${line}`)

/** What is left after the signal, as sentences. */
async function left(signal: 'SIGINT' | 'SIGKILL'): Promise<string[]> {
  const before = traces()
  const folder = mkdtempSync(join(tmpdir(), 'bench-killed-'))
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'proof-lab.ts'), 'kafka'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  let family: ProcessIdentity[] = []
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS)
  const decoder = new TextDecoder()
  for await (const chunk of child.stderr) {
    lines.push(decoder.decode(chunk, { stream: true }))
    if (family.length > 0 || !/run 1 of 1: poc: begins/.test(lines.join(''))) continue
    family = descendants(child.pid).flatMap((pid) => identify(pid) ?? [])
    log(`${signal} to a lab of ${family.length} processes`)
    child.kill(signal)
    if (signal === 'SIGKILL') break
  }
  clearTimeout(timer)
  await child.exited
  const isEnough = family.length >= LEAST_PROCESSES
  const found = isEnough
    ? []
    : [`expected ${LEAST_PROCESSES} processes, got ${family.length}: ${lines.join('')}`]
  if (signal === 'SIGINT' && !/ok +the account holds nothing of ours/.test(lines.join('')))
    found.push(`expected an account without anything of ours, got: ${lines.join('').slice(-2000)}`)
  const sinceMs = performance.now()
  while (family.some(isSame) && performance.now() - sinceMs < END_LIMIT_MS) await Bun.sleep(LOOK_EVERY_MS)
  log(`all ended ${Math.round((performance.now() - sinceMs) / 1000)} s later`)
  for (const { pid } of family.filter(isSame)) found.push(`process ${pid}: ${commandOf(pid)}`)
  const after = traces()
  for (const trace of after) if (!before.includes(trace)) found.push(trace)
  rmSync(folder, { recursive: true, force: true })
  return found
}

/** Mounts and network links of this machine. */
function traces(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')
  const places = mounts.map((line) => `mount ${line.split(' ')[4]}`)
  return [...places, ...Object.keys(networkInterfaces()).map((name) => `link ${name}`)]
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200)
  } catch {
    return 'just ended'
  }
}

let faults = 0
for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  const found = await left(signal)
  for (const what of found) log(`FAULT after ${signal}: ${what}`)
  if (found.length === 0) log(`ok    ${signal} leaves nothing on this machine`)
  faults += found.length
}
process.exit(faults === 0 ? 0 : 1)
