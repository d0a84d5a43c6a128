// Goal: what bench brings is right and runs: commands end in time, packages unpack, Java trusts the machine's roots.
// Method: pure parts by example; the real apt-get where there is one, into a cache of its own.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, lstatSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { parseInstallations } from '../../../src/brokers/provision/apt.ts'
import { mustRun, runCommand } from '../../../src/brokers/provision/command.ts'
import { debianPackages } from '../../../src/brokers/provision/debian.ts'
import { installedJava, javaVersion } from '../../../src/brokers/provision/java.ts'
import { mavenArtifact, mavenLibraries } from '../../../src/brokers/provision/maven.ts'
import { certificatesOf, encodeJks } from '../../../src/brokers/provision/trust-store.ts'
import { skipLoudly } from '../../support/skip.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-bring-'))
const before = process.env.BENCH_CACHE
process.env.BENCH_CACHE = folder
afterAll(() => {
  if (before === undefined) delete process.env.BENCH_CACHE
  else process.env.BENCH_CACHE = before
  rmSync(folder, { recursive: true })
})
const never = new AbortController().signal
const silent = () => {}

test('the resolver is read', () => {
  const text =
    'Inst libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64]) []\nConf libc6 (2.36)\n' +
    'Inst socat [1.7.3] (1:1.7.4.4-2 Debian:12.15/oldstable [amd64])\nsomething else\n'
  expect(parseInstallations(text)).toEqual([
    { name: 'libc6', version: '2.36-9+deb12u14' },
    { name: 'socat', version: '1:1.7.4.4-2' },
  ])
})

test('a command that takes too long is killed with its children', async () => {
  const output = await runCommand({ command: 'sh', args: ['-c', 'sleep 100 & wait'], limitMs: 100 }, never)
  expect(output.code).toBe(-1)
  expect(output.stderr).toContain('no end after 0.1 s')
})

test('a command that fails is quoted, with what to do', async () => {
  const options = {
    command: 'sh',
    args: ['-c', 'echo reason >&2; exit 4'],
    limitMs: 60_000,
    what: 'a thing',
    hint: 'do this',
  }
  const error = await mustRun(options, never).catch((thrown) => thrown)
  expect(error.code).toBe('MISSING_TOOL')
  expect(error.message).toContain('reason')
  expect(error.message).toContain('got 4')
  expect(error.hint).toBe('do this')
})

test('a command that is not there', async () => {
  expect((await runCommand({ command: '/nowhere/x', args: [], limitMs: 60_000 }, never)).code).toBe(-1)
})

test('an abort kills the command', async () => {
  const controller = new AbortController()
  const running = runCommand({ command: 'sleep', args: ['100'], limitMs: 60_000 }, controller.signal)
  controller.abort(new Error('Ctrl-C'))
  await expect(running).rejects.toThrow('Ctrl-C')
})

const keytool = Bun.which('keytool')
test.skipIf(keytool === null && skipLoudly('no keytool: the trust store is not read by Java'))(
  'Java reads the trust store',
  async () => {
    const certificates = rootCertificates.slice(0, 20).flatMap(certificatesOf)
    const file = join(folder, 'cacerts')
    await Bun.write(file, encodeJks(certificates))
    const args = ['-list', '-keystore', file, '-storepass', 'changeit']
    const output = await runCommand({ command: keytool!, args, limitMs: 60_000 }, never)
    expect(output.stdout).toContain(`contains ${certificates.length} entries`)
    expect(output.code).toBe(0)
  },
)

const apt = Bun.which('apt-get') !== null
test.skipIf(!apt && skipLoudly('no apt-get: packages cannot be unpacked'))(
  'a package is unpacked and runs, whether installed or not, with links that stay inside',
  async () => {
    const { root } = await debianPackages(['java-common'], silent, never)
    const link = join(root, 'usr/share/doc/default-jre')
    expect(existsSync(join(root, 'usr/sbin/update-java-alternatives'))).toBe(true)
    if (existsSync(link) && lstatSync(link).isSymbolicLink())
      expect(isAbsolute(readlinkSync(link))).toBe(false)
    expect(existsSync(join(root, '.apt'))).toBe(false)
    const said: string[] = []
    expect((await debianPackages(['java-common'], (line) => said.push(line), never)).root).toBe(root)
    expect(said).toEqual([])
  },
)

test.skipIf(!apt)('a package that does not exist is named, with the command to try', async () => {
  const error = await debianPackages(['bench-no-such-package'], silent, never).catch((thrown) => thrown)
  expect(error.code).toBe('MISSING_TOOL')
  expect(error.message).toContain('bench-no-such-package')
  expect(error.hint).toContain('sudo apt-get')
})

test('no Java is version 0', async () => {
  expect(await javaVersion('/nowhere/java', never)).toBe(0)
  expect(await javaVersion('/bin/sh', never)).toBe(0)
})

/** Over the network, by a JVM that has to start twice. */
const BRING_LIMIT_MS = 240_000
const maven = Bun.which('mvn') !== null && (await installedJava(never)) !== null
const log4j = { group: 'org.slf4j', artifact: 'slf4j-nop', version: '1.7.36' }
test.skipIf(!maven && skipLoudly('no Maven or Java on the PATH: libraries are not brought'))(
  'Maven brings a library with what it needs, and leaves no repository',
  async () => {
    const path = await mavenLibraries({ name: 'logging', dependencies: [log4j] }, silent, never)
    const jars = [...new Bun.Glob('**').scanSync({ cwd: path, dot: true })].sort()
    expect(jars).toEqual(['slf4j-api-1.7.36.jar', 'slf4j-nop-1.7.36.jar'])
    const file = await mavenArtifact({ ...log4j, type: 'jar' }, silent, never)
    expect(file).toEndWith('slf4j-nop-1.7.36.jar')
    expect(existsSync(file)).toBe(true)
  },
  BRING_LIMIT_MS,
)

test.skipIf(!maven)('what a repository lacks is named, with the command to try', async () => {
  const request = { name: 'none', dependencies: [{ ...log4j, version: '0.0.0-none' }] }
  const error = await mavenLibraries(request, silent, never).catch((thrown) => thrown)
  expect(error.code).toBe('MISSING_TOOL')
  expect(error.message).toContain('slf4j-nop')
  expect(error.hint).toContain('mvn')
})
