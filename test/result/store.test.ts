// Goal: results are written whole or not at all, found by id, `latest` and path, and every broken one is told clearly.
// Method: a folder of its own per test, real files, real failures of the file system.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/errors/app-error.ts'
import { storageError, writeFileAtomic } from '../../src/result/atomic-file.ts'
import { benchHome, createExperiment } from '../../src/result/experiment-folder.ts'
import { listExperiments, readResult, writeResult } from '../../src/result/store.ts'
import { sampleResult, sampleSide, sampleTrial } from './sample-result.ts'

const AT = Date.UTC(2025, 9, 5, 14, 30, 56)
const small = sampleResult({
  sides: [sampleSide('kafka', { trials: [sampleTrial({ measureS: 2, warmupS: 1 })] })],
})
let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bench-store-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function failure(action: Promise<unknown>): Promise<AppError> {
  const thrown = await action.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof AppError)) throw new Error(`expected an AppError, got ${thrown}`)
  return thrown
}

test('ids are UTC, unique within a second, and latest follows', async () => {
  const ids = []
  for (let i = 0; i < 3; i++) ids.push((await createExperiment(AT, home)).id)
  expect(ids).toEqual(['exp-20251005-143056', 'exp-20251005-143056-2', 'exp-20251005-143056-3'])
  expect(await readlink(join(home, 'latest'))).toBe('exp-20251005-143056-3')
})

test('experiments made at the same time get folders of their own', async () => {
  const made = await Promise.all(Array.from({ length: 10 }, () => createExperiment(AT, home)))
  expect(new Set(made.map((folder) => folder.id)).size).toBe(10)
  expect(await readdir(home)).toHaveLength(11)
})

test('BENCH_HOME moves everything', () => {
  expect(benchHome({ BENCH_HOME: '/x', HOME: '/y' })).toBe('/x')
  expect(benchHome({ HOME: '/y' })).toBe('/y/.bench')
})

test('a result comes back as written, by id, latest, folder and file', async () => {
  const folder = await createExperiment(AT, home)
  const result = { ...small, id: folder.id }
  await writeResult(result, home)
  for (const name of [folder.id, 'latest', folder.directory, folder.resultFile]) {
    expect((await readResult(name, home)).result).toEqual(result)
  }
  expect(await readdir(folder.directory)).toEqual(['result.json'])
})

test('an unknown id names the nearest ones', async () => {
  await createExperiment(AT, home)
  await createExperiment(AT + 3_600_000, home)
  const error = await failure(readResult('exp-20251005-143057', home))
  expect(error.exitCode).toBe(3)
  expect(error.hint).toMatch(/^nearest: exp-20251005-143056,/)
  const none = await failure(readResult('latest', join(home, 'nothing')))
  expect(none.hint).toContain('./bench run')
})

test('broken JSON is told with its place', async () => {
  const folder = await createExperiment(AT, home)
  await writeFile(folder.resultFile, '{"schemaVersion": 1,\n  "id" "x"}')
  const error = await failure(readResult(folder.id, home))
  expect(error.message).toContain(`${folder.resultFile}:2:8: expected JSON`)
  await writeFile(folder.resultFile, '{"schemaVersion": 1, "sides": [')
  expect((await failure(readResult(folder.id, home))).message).toContain(':1:32:')
})

test('a newer schema version and a missing field say so', async () => {
  const folder = await createExperiment(AT, home)
  await writeFile(folder.resultFile, JSON.stringify({ ...small, schemaVersion: 2 }))
  const newer = await failure(readResult(folder.id, home))
  expect(`${newer.message} ${newer.hint}`).toMatch(/got 2.*newer bench/)
  await writeFile(folder.resultFile, JSON.stringify({ ...small, host: undefined }))
  expect((await failure(readResult(folder.id, home))).message).toContain('host: ')
})

test('the list is newest first and survives broken folders', async () => {
  const older = await createExperiment(AT, home)
  const broken = await createExperiment(AT, home)
  const newer = await createExperiment(AT + 1_000, home)
  await mkdir(join(home, 'cache'))
  await writeResult({ ...small, id: older.id }, home)
  await writeResult({ ...small, id: newer.id }, home)
  const listed = await listExperiments(home)
  expect(listed.map((entry) => [entry.id, 'problem' in entry])).toEqual([
    [newer.id, false],
    [broken.id, true],
    [older.id, false],
  ])
  expect(await listExperiments(join(home, 'nothing'))).toEqual([])
})

test('a write that fails keeps the older file, leaves nothing behind, and names the path', async () => {
  const path = join(home, 'result.json')
  await writeFileAtomic(path, 'older')
  const unwritable = { toString: () => 'x' } as unknown as string
  const error = await failure(writeFileAtomic(path, unwritable))
  expect(error.code).toBe('STORAGE')
  expect(error.message).toContain(path)
  expect(await readFile(path, 'utf8')).toBe('older')
  expect(await readdir(home)).toEqual(['result.json'])
})

test('a full disk is told with the room that is left', async () => {
  const cause = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  const error = await storageError('write it', join(home, 'result.json'), cause)
  expect(error.message).toMatch(/could not write it: ENOSPC.*; \d+ MB free in /)
  expect(error.hint).toContain('BENCH_HOME')
})
