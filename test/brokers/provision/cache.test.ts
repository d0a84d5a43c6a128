// Goal: a folder of the cache is whole or absent, whoever builds it at the same time and however a builder ends.
// Method: builders that wait for each other, in this process and in others; a builder that is killed.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory, cacheEntry } from '../../../src/brokers/provision/cache.ts'

const NAMES = ['BENCH_CACHE', 'XDG_CACHE_HOME', 'HOME', 'TMPDIR'] as const
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]))
const folders: string[] = []
let folder = ''
const never = new AbortController().signal

function restore(): void {
  for (const name of NAMES) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
}

beforeEach(() => {
  restore()
  folder = mkdtempSync(join(tmpdir(), 'bench-cache-test-'))
  folders.push(folder)
  process.env.BENCH_CACHE = folder
})
afterAll(() => {
  restore()
  for (const path of folders) rmSync(path, { recursive: true })
})

test('the folder: BENCH_CACHE, else XDG_CACHE_HOME, else HOME, else one of our own', () => {
  expect(cacheDirectory()).toBe(folder)
  delete process.env.BENCH_CACHE
  process.env.XDG_CACHE_HOME = '/x'
  expect(cacheDirectory()).toBe('/x/bench')
  delete process.env.XDG_CACHE_HOME
  process.env.HOME = folder
  expect(cacheDirectory()).toBe(join(folder, '.cache', 'bench'))
  process.env.HOME = '/nowhere'
  process.env.TMPDIR = folder
  expect(cacheDirectory()).toBe(join(tmpdir(), `bench-cache-${process.getuid!()}`))
})

test('it is built once, and found the second time', async () => {
  let builds = 0
  const build = async (path: string) => {
    builds++
    await writeFile(join(path, 'file'), 'content')
  }
  const first = await cacheEntry('deep/thing', build, never)
  expect(await cacheEntry('deep/thing', build, never)).toBe(first)
  expect(builds).toBe(1)
  expect(await readFile(join(first, 'file'), 'utf8')).toBe('content')
})

test('of builders at the same time one wins, the others use its folder and leave nothing', async () => {
  let inside = 0
  const all = Promise.withResolvers<void>()
  const builder = (mark: string) => async (path: string) => {
    if (++inside === 5) all.resolve()
    await all.promise
    await writeFile(join(path, 'mark'), mark)
  }
  const marks = ['a', 'b', 'c', 'd', 'e']
  const paths = await Promise.all(marks.map((mark) => cacheEntry('thing', builder(mark), never)))
  expect(new Set(paths).size).toBe(1)
  expect(marks).toContain(await readFile(join(paths[0]!, 'mark'), 'utf8'))
  expect(readdirSync(folder)).toEqual(['thing'])
})

test('processes at the same time', async () => {
  const script = `
    import { cacheEntry } from ${JSON.stringify(join(import.meta.dir, '../../../src/brokers/provision/cache.ts'))}
    const path = await cacheEntry('thing', (t) => Bun.write(t + '/mark', String(process.pid)).then(() => {}), new AbortController().signal)
    console.log(await Bun.file(path + '/mark').text())`
  const runs = Array.from({ length: 3 }, () =>
    Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit', env: process.env }),
  )
  const said = await Promise.all(runs.map((run) => new Response(run.stdout).text()))
  expect(new Set(said).size).toBe(1)
  expect(runs.map(({ pid }) => pid)).toContain(Number(said[0]))
  expect(readdirSync(folder)).toEqual(['thing'])
})

test('a build that fails leaves nothing, and its error is told', async () => {
  const build = () => Promise.reject(new Error('no network'))
  await expect(cacheEntry('thing', build, never)).rejects.toThrow('no network')
  await cacheEntry('other', async () => {}, never)
  expect(readdirSync(folder)).toEqual(['other'])
})

test('a full disk is named with what to do', async () => {
  const build = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
  const error = await cacheEntry('thing', build, never).catch((thrown) => thrown)
  expect(error.code).toBe('STORAGE')
  expect(error.message).toContain(folder)
  expect(error.hint).toContain('BENCH_CACHE')
})

test('what a killed builder left is removed, what a living one builds is not', async () => {
  const living = join(folder, `thing.tmp-${process.pid}-other`)
  const abandoned = join(folder, `thing.tmp-${2 ** 30}-dead`)
  await Bun.write(join(living, 'x'), '')
  await Bun.write(join(abandoned, 'x'), '')
  await cacheEntry('thing', async () => {}, never)
  expect(existsSync(living)).toBe(true)
  expect(existsSync(abandoned)).toBe(false)
})

test('an abort builds nothing', async () => {
  const controller = new AbortController()
  const build = async () => controller.abort(new Error('Ctrl-C'))
  await expect(cacheEntry('thing', build, controller.signal)).rejects.toThrow('Ctrl-C')
  await expect(cacheEntry('thing', build, controller.signal)).rejects.toThrow('Ctrl-C')
  expect(existsSync(join(folder, 'thing'))).toBe(false)
})
