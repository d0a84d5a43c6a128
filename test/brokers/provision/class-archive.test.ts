// Goal: a class-data archive is made once for its Java and jars, a failure costs nothing but a line in the log, and the
// flags name the archive only where there is one. Method: an empty cache, this machine's Java, and a run that writes
// the file itself instead of a server's Java.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { archiveFlags, classArchive, javaHome } from '../../../src/brokers/provision/index.ts'

const LIMIT_MS = 300_000
const cache = mkdtempSync(join(tmpdir(), 'bench-class-archive-'))
const signal = AbortSignal.timeout(LIMIT_MS)
const java = await javaHome(() => {}, signal)
const { BENCH_CACHE } = process.env
process.env.BENCH_CACHE = cache
afterAll(() => {
  if (BENCH_CACHE === undefined) delete process.env.BENCH_CACHE
  else process.env.BENCH_CACHE = BENCH_CACHE
  rmSync(cache, { recursive: true, force: true })
})

test('made once, and again for other jars', async () => {
  const runs: string[] = []
  const recipe = (libraries: string) => ({
    name: 'server-1',
    java,
    libraries,
    async run(_: string, flags: readonly string[]) {
      runs.push(libraries)
      const [name, file] = flags[0]!.split('=') as [string, string]
      expect(name).toBe('-XX:ArchiveClassesAtExit')
      writeFileSync(file, 'classes')
    },
  })
  const first = await classArchive(recipe('/a'), () => {}, signal)
  expect(await Bun.file(first!).text()).toBe('classes')
  expect(first).toStartWith(cache)
  expect(await classArchive(recipe('/a'), () => {}, signal)).toBe(first)
  expect(await classArchive(recipe('/b'), () => {}, signal)).not.toBe(first)
  expect(runs).toEqual(['/a', '/b'])
  expect(archiveFlags(first)[0]).toBe(`-XX:SharedArchiveFile=${first}`)
})

test('no archive is a line in the log, and no flag', async () => {
  for (const run of [() => Promise.reject(new Error('no room\nmore')), () => Promise.resolve()]) {
    const lines: string[] = []
    const made = await classArchive(
      { name: 'server-2', java, libraries: '/c', run },
      (line) => lines.push(line),
      signal,
    )
    expect(made).toBeNull()
    expect(lines.at(-1)).toMatch(
      /^server-2: no class-data archive, starts are slower: (no room|java wrote none)$/,
    )
    expect(archiveFlags(made)).toEqual([])
  }
})
