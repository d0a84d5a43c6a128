import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { Requirement } from '../broker.ts'
import {
  cacheDirectory,
  cacheEntry,
  type Java,
  javaHome,
  type Log,
  mavenArtifact,
  mustRun,
} from '../provision/index.ts'

/** The newest long-term release whose whole distribution is on Maven Central. */
export const PULSAR_VERSION = '4.0.8'
export const PULSAR_IMAGE = `apachepulsar/pulsar:${PULSAR_VERSION}`

const DISTRIBUTION = {
  group: 'org.apache.pulsar',
  artifact: 'pulsar-server-distribution',
  version: PULSAR_VERSION,
  type: 'tar.gz',
  classifier: 'bin',
} as const
const SHA256 = '35c7d064c9e0928edbf2e708989faba0379662f98aa84ce0d4190c59efb6765e'
const FOLDER = `pulsar-${PULSAR_VERSION}`
const UNPACK_LIMIT_MS = 300_000

/** What is needed to start a process of Pulsar. */
export interface PulsarInstallation {
  readonly java: Java
  /** Folder of the unpacked distribution: `lib/` with the jars, `conf/` with the shipped settings. */
  readonly home: string
  /** Class-data archive, or null when none could be made. */
  readonly archive: string | null
}

/** The distribution, for `inspect()`: it is large enough to be told of. */
export function distributionRequirement(): Requirement {
  const home = join(cacheDirectory(), FOLDER)
  const what = `Pulsar ${PULSAR_VERSION}`
  if (existsSync(home)) return { what, found: true, detail: home }
  return { what, found: false, detail: `will be brought by Maven into ${home} (245 MB, 253 MB unpacked)` }
}

/** Java, and Pulsar's distribution in the cache: downloaded once (245 MB), checked, unpacked, the archive removed. */
export async function installPulsar(log: Log, signal: AbortSignal): Promise<PulsarInstallation> {
  const java = await javaHome(log, signal)
  return { java, home: await pulsarHome(log, signal), archive: null }
}

async function pulsarHome(log: Log, signal: AbortSignal): Promise<string> {
  let archive: string | null = null
  const build = async (temporary: string) => {
    log(`pulsar: bringing the distribution ${PULSAR_VERSION} (once, 245 MB, about a minute)`)
    archive = await mavenArtifact(DISTRIBUTION, log, signal)
    await requireSum(archive)
    await unpack(archive, temporary, signal)
  }
  try {
    const home = await cacheEntry(FOLDER, build, signal)
    if (archive !== null) await rm(dirname(archive), { recursive: true, force: true })
    return home
  } catch (error) {
    // Another bench may have been faster, and have removed the archive under our hands.
    const final = join(cacheDirectory(), FOLDER)
    if (signal.aborted || !existsSync(final)) throw error
    return final
  }
}

async function unpack(archive: string, folder: string, signal: AbortSignal): Promise<void> {
  await mustRun(
    {
      command: 'tar',
      args: ['-xzf', archive, '-C', folder, '--strip-components=1'],
      limitMs: UNPACK_LIMIT_MS,
      what: "Pulsar's distribution",
      hint: 'is there enough space on that disk (500 MB)?',
    },
    signal,
  )
}

/** A damaged archive is removed: the next start brings a new one. */
async function requireSum(file: string): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  const sum = hash.digest('hex')
  if (sum === SHA256) return
  await rm(dirname(file), { recursive: true, force: true })
  throw new AppError('MISSING_TOOL', `expected SHA-256 ${SHA256} of ${file}, got ${sum}`, {
    hint: 'the download was damaged or changed on its way: start again, or see which repository Maven asks',
  })
}
