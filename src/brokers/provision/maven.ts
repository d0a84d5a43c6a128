import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { noAptError } from './apt.ts'
import { cacheEntry, type Log } from './cache.ts'
import { mustRun } from './command.ts'
import { debianPackages } from './debian.ts'
import { javaHome } from './java.ts'

export interface MavenDependency {
  readonly group: string
  readonly artifact: string
  readonly version: string
  /** `group:artifact` of what it should not bring along. */
  readonly exclusions?: readonly string[]
}

export interface MavenArtifact {
  readonly group: string
  readonly artifact: string
  readonly version: string
  /** `jar`, `tar.gz`, … */
  readonly type: string
  readonly classifier?: string
}

export interface MavenCommand {
  readonly command: string
  /** The whole environment: the user's own, so that HOME, settings.xml and MAVEN_ARGS count, and Java's. */
  readonly env: Readonly<Record<string, string | undefined>>
}

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const RESOLVE_LIMIT_MS = 900_000
/** Maven's own libraries must all come from one place. */
const BUNDLE = /^(maven|libmaven|lib.*-java$)/

/** Maven from the PATH, else unpacked into the cache. */
export async function mavenCommand(log: Log, signal: AbortSignal): Promise<MavenCommand> {
  if (Bun.which('mvn') === null && Bun.which('apt-get') === null) throw noAptError(['maven'])
  const java = await javaHome(log, signal)
  const command = Bun.which('mvn') ?? (await unpackedMaven(log, signal))
  return { command, env: { ...process.env, ...java.env } }
}

/** Maven from Debian packages in the cache, whatever the machine has. */
export async function unpackedMaven(log: Log, signal: AbortSignal): Promise<string> {
  const { root } = await debianPackages(['maven'], log, signal, {
    bundle: BUNDLE,
    without: /^(default-jre|openjdk-|ca-certificates-java$|java-common$)/,
  })
  return join(root, 'usr', 'share', 'maven', 'bin', 'mvn')
}

/** The jars of these dependencies and of all theirs, in a folder of the cache. */
export async function mavenLibraries(
  request: { readonly name: string; readonly dependencies: readonly MavenDependency[] },
  log: Log,
  signal: AbortSignal,
): Promise<string> {
  const pom = pomOf(request.dependencies)
  return await cacheEntry(
    join('maven', `${request.name}-${hash(pom)}`),
    async (temporary) => {
      const file = join(temporary, 'pom.xml')
      await writeFile(file, pom)
      const names = request.dependencies.map(({ artifact, version }) => `${artifact} ${version}`).join(', ')
      log(`maven: bringing ${names} (once, about a minute)`)
      const goal = ['-f', file, `${PLUGIN}:copy-dependencies`, '-DincludeScope=runtime']
      await maven(
        [...goal, `-DoutputDirectory=${join(temporary, 'jars')}`],
        request.dependencies[0]!,
        temporary,
        log,
        signal,
      )
      await rm(file)
      await liftUp(join(temporary, 'jars'), temporary)
    },
    signal,
  )
}

/** One file of a Maven repository, without what it depends on; returns its path in the cache. */
export async function mavenArtifact(request: MavenArtifact, log: Log, signal: AbortSignal): Promise<string> {
  const { group, artifact, version, type, classifier } = request
  const coordinates = [group, artifact, version, type, ...(classifier ? [classifier] : [])].join(':')
  const folder = await cacheEntry(
    join('maven', `${artifact}-${version}-${hash(coordinates)}`),
    async (temporary) => {
      log(`maven: bringing ${coordinates}`)
      const goal = [`${PLUGIN}:copy`, `-Dartifact=${coordinates}`]
      await maven([...goal, `-DoutputDirectory=${join(temporary, 'out')}`], request, temporary, log, signal)
      await liftUp(join(temporary, 'out'), temporary)
    },
    signal,
  )
  return join(folder, (await readdir(folder))[0] ?? '')
}

async function maven(
  goal: readonly string[],
  first: { group: string; artifact: string; version: string },
  folder: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { command, env } = await mavenCommand(log, signal)
  const repository = join(folder, 'repository')
  await mkdir(repository, { recursive: true })
  const what = 'Java libraries'
  const hint = `check that Maven reaches its repository: mvn -B dependency:get -Dartifact=${first.group}:${first.artifact}:${first.version}`
  const args = ['-B', '-q', `-Dmaven.repo.local=${repository}`, ...goal]
  await mustRun({ command, args, env, cwd: folder, limitMs: RESOLVE_LIMIT_MS, what, hint }, signal)
  // Read-only files and many of them: what counts has been copied.
  await rm(repository, { recursive: true, force: true })
}

async function liftUp(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => [] as string[])
  if (names.length === 0) {
    throw new AppError('MISSING_TOOL', `expected Maven to write into ${from}, found nothing`, {
      hint: 'run the command again with MAVEN_ARGS unset',
    })
  }
  for (const name of names) await rename(join(from, name), join(to, name))
  await rm(from, { recursive: true })
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function pomOf(dependencies: readonly MavenDependency[]): string {
  const exclusion = (name: string) => {
    const [group, artifact] = name.split(':')
    return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`
  }
  const blocks = dependencies.map(
    ({ group, artifact, version, exclusions = [] }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>` +
      `<exclusions>${exclusions.map(exclusion).join('')}</exclusions></dependency>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>libraries</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${blocks.join('\n')}
  </dependencies>
</project>
`
}
