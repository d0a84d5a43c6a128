import type { Requirement } from '../broker.ts'
import { containerEngine } from '../container/engine.ts'
import { cacheDirectory } from './cache.ts'
import { installedJava } from './java.ts'

const UNPACKED = () => `will be unpacked into ${cacheDirectory()} by apt-get; nothing is installed`

/** Java 17 or newer, for `inspect()` of a broker. */
export async function javaRequirement(): Promise<Requirement> {
  const java = await installedJava(new AbortController().signal)
  return requirement('Java 17 or newer', java?.java ?? null, 'openjdk-17-jre-headless', {
    darwin: 'brew install openjdk@21',
    other: 'sudo dnf install java-21-openjdk-headless',
  })
}

/** Maven, for `inspect()` of a broker. */
export function mavenRequirement(): Requirement {
  return requirement('Maven', Bun.which('mvn'), 'maven', {
    darwin: 'brew install maven',
    other: 'sudo dnf install maven',
  })
}

/** A container engine, which no broker needs: without one it is started natively. */
export async function engineRequirement(): Promise<Requirement> {
  const engine = await containerEngine()
  const what = 'container engine (optional)'
  if (engine) return { what, found: true, detail: `${engine.command} ${engine.version}` }
  return { what, found: false, detail: 'none answers: brokers are started natively' }
}

/**
 * Something that is found at `path`, or can be unpacked from Debian's package `debianName`, or else must be installed
 * by hand with the command given.
 */
export function requirement(
  what: string,
  path: string | null,
  debianName: string,
  commands: { readonly darwin: string; readonly other: string },
): Requirement {
  if (path !== null) return { what, found: true, detail: path }
  if (Bun.which('apt-get') !== null && Bun.which('dpkg-deb') !== null) {
    return { what, found: false, detail: `${UNPACKED()} (package ${debianName})` }
  }
  const command = process.platform === 'darwin' ? commands.darwin : commands.other
  return { what, found: false, detail: 'missing, and bench cannot bring it here', command }
}
