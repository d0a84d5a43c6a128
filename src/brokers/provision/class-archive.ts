import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../../errors/app-error.ts'
import { cacheEntry, type Log } from './cache.ts'
import { mustRun } from './command.ts'
import type { Java } from './java.ts'

const FILE = 'classes.jsa'
const VERSION_LIMIT_MS = 60_000

/** What a class-data archive is made of. */
export interface ClassArchiveRecipe {
  /** Name and version of the server, e.g. `kafka-4.3.1`. */
  readonly name: string
  readonly java: Java
  /** Folder of the jars. */
  readonly libraries: string
  /** Starts a throw-away server with these flags below `folder`, and ends it properly: then Java writes the archive. */
  readonly run: (folder: string, flags: readonly string[], signal: AbortSignal) => Promise<void>
}

/**
 * The class-data archive of these jars and this Java, in the cache, made once: it halves the CPU time of a start. A
 * failure costs only time, so it is a line in the log and null.
 */
export async function classArchive(
  { name, java, libraries, run }: ClassArchiveRecipe,
  log: Log,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const version = await versionText(java, signal)
    const build = async (temporary: string) => {
      log(`${name}: making a class-data archive for fast starts (once, about a minute)`)
      const file = join(temporary, FILE)
      await run(temporary, [`-XX:ArchiveClassesAtExit=${file}`, ...SILENT], signal)
      if (!(await Bun.file(file).exists())) throw new Error('java wrote none')
    }
    return join(await cacheEntry(archiveName(name, version, libraries), build, signal), FILE)
  } catch (error) {
    signal.throwIfAborted()
    log(`${name}: no class-data archive, starts are slower: ${messageOf(error).split('\n')[0]}`)
    return null
  }
}

/** Java's warnings about classes that it leaves out. */
const SILENT = ['-Xlog:cds=off', '-Xlog:cds+dynamic=off']

/** Flags of a Java process that takes its classes from the archive where it fits; none without an archive. */
export function archiveFlags(archive: string | null): readonly string[] {
  return archive === null ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', ...SILENT]
}

/** A short name for this Java and these jars: an archive serves no other. */
function archiveName(name: string, javaVersionText: string, libraries: string): string {
  const hash = createHash('sha256').update(`${javaVersionText}\n${libraries}`).digest('hex').slice(0, 12)
  return `${name}-class-data-${hash}`
}

/** What `java -version` prints, to tell one Java from another. */
async function versionText({ java, env }: Java, signal: AbortSignal): Promise<string> {
  const output = await mustRun(
    {
      command: java,
      args: ['-version'],
      env: { ...process.env, ...env },
      limitMs: VERSION_LIMIT_MS,
      what: 'version of Java',
      hint: 'install Java 17 or newer',
    },
    signal,
  )
  return output.stderr + output.stdout
}
