import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { noAptError } from './apt.ts'
import type { Log } from './cache.ts'
import { runCommand } from './command.ts'
import { debianPackages } from './debian.ts'
import { javaTrustStore } from './trust-store.ts'

export interface Java {
  /** Path of the `java` program. */
  readonly java: string
  /** Name and release, e.g. `OpenJDK 17.0.15`. */
  readonly release: string
  /** Set these for programs that look for Java by themselves (`mvn`). */
  readonly env: Readonly<Record<string, string>>
}

const MINIMUM_VERSION = 17
const VERSION_LIMIT_MS = 30_000
/** Newer systems no longer have the first. */
const PACKAGES = ['openjdk-17-jre-headless', 'openjdk-21-jre-headless']
/** Nothing of Java may come from the system when a part of it does not. */
const BUNDLE = /^(openjdk-|ca-certificates-java$|java-common$)/

/** Java 17 or newer: of JAVA_HOME, of the PATH, else unpacked into the cache. */
export async function javaHome(log: Log, signal: AbortSignal): Promise<Java> {
  return (await installedJava(signal)) ?? (await unpackedJava(log, signal))
}

/** Java 17 or newer that is on this machine already; null without any. Changes nothing. */
export async function installedJava(signal: AbortSignal): Promise<Java | null> {
  const home = process.env.JAVA_HOME
  const candidates = [
    ...(home ? [{ java: join(home, 'bin', 'java'), env: { JAVA_HOME: home } }] : []),
    { java: Bun.which('java') ?? '', env: {} },
  ]
  for (const candidate of candidates) {
    const text = await versionText(candidate.java, signal)
    if (featureOf(text) >= MINIMUM_VERSION) return { ...candidate, release: releaseOf(text) }
  }
  return null
}

/** Feature version of a `java` program, e.g. 17; 0 when it does not run. */
export async function javaVersion(java: string, signal: AbortSignal): Promise<number> {
  return featureOf(await versionText(java, signal))
}

/** What `java -version` prints; empty when it does not run. */
async function versionText(java: string, signal: AbortSignal): Promise<string> {
  if (!existsSync(java)) return ''
  const output = await runCommand({ command: java, args: ['-version'], limitMs: VERSION_LIMIT_MS }, signal)
  return output.code === 0 ? output.stderr + output.stdout : ''
}

function featureOf(text: string): number {
  return Number(/version "(?:1\.)?(\d+)/.exec(text)?.[1] ?? 0)
}

/** `OpenJDK 17.0.15` of what `java -version` prints. */
export function releaseOf(text: string): string {
  const version = /version "([^"]+)"/.exec(text)?.[1] ?? 'of unknown version'
  return `${/openjdk/i.test(text) ? 'OpenJDK' : 'Java'} ${version}`
}

/** Where a Java process puts what it unpacks: killed, it would leave it there. */
export const temporaryFlag = (folder: string) => `-Djava.io.tmpdir=${folder}`

/** Java from Debian packages in the cache, whatever the machine has. */
export async function unpackedJava(log: Log, signal: AbortSignal): Promise<Java> {
  if (Bun.which('apt-get') === null) throw noAptError(PACKAGES.slice(1))
  let failure: unknown
  for (const name of PACKAGES) {
    try {
      const { root, libraryPath } = await debianPackages([name], log, signal, { bundle: BUNDLE })
      return await ready(root, libraryPath, signal)
    } catch (error) {
      if (signal.aborted) throw error
      failure ??= error
    }
  }
  throw failure
}

async function ready(root: string, libraryPath: string, signal: AbortSignal): Promise<Java> {
  const folder = join(root, 'usr', 'lib', 'jvm')
  const name = readdirSync(folder).find((entry) => /^java-\d+-openjdk-/.test(entry))
  const home = join(folder, name ?? '')
  const java = join(home, 'bin', 'java')
  // Java finds its own libraries; a library path is only for those that the machine lacks.
  const env = { JAVA_HOME: home, ...(libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }) }
  const output = await runCommand(
    { command: java, args: ['-version'], env: { ...process.env, ...env }, limitMs: VERSION_LIMIT_MS },
    signal,
  )
  if (output.code !== 0) {
    throw new AppError('MISSING_TOOL', `expected ${java} to run, got: ${output.stderr.trim()}`, {
      hint: 'install Java 17 or newer yourself: sudo apt-get install openjdk-17-jre-headless',
    })
  }
  const trustStore = `-Djavax.net.ssl.trustStore=${await javaTrustStore(signal)}`
  const release = releaseOf(output.stderr + output.stdout)
  return {
    java,
    release,
    env: { ...env, MAVEN_OPTS: [process.env.MAVEN_OPTS, trustStore].filter(Boolean).join(' ') },
  }
}
