// Goal: a disk that is really full costs nothing that was written before, and the error says where and how much room is
// left. Method: a file system of 256 KB in memory is mounted; skipped, loudly, where mounting is not allowed.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeReport } from '../../src/report/write-report.ts'
import { writeFileAtomic } from '../../src/result/atomic-file.ts'
import { writeResult } from '../../src/result/store.ts'
import { sampleResult } from './sample-result.ts'

const disk = mkdtempSync(join(tmpdir(), 'bench-full-'))
const mounted =
  process.platform === 'linux' &&
  Bun.which('mount') !== null &&
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'bench-full', disk]).success
if (!mounted)
  console.warn('SKIPPED: a full disk is not tried, because a small file system cannot be mounted here')
const onFullDisk = test.skipIf(!mounted)

afterAll(async () => {
  if (mounted) Bun.spawnSync(['umount', disk])
  await rm(disk, { recursive: true, force: true })
})

const failure = (action: Promise<unknown>) =>
  action.then(
    () => null,
    (error: unknown) => error,
  )

onFullDisk('the older result stays, nothing half-written does, and the error tells the room', async () => {
  const sample = sampleResult()
  const path = join(disk, sample.id, 'result.json')
  await writeFileAtomic(path, 'older')
  const error = await failure(writeResult({ ...sample, workloadSource: 'x'.repeat(400_000) }, disk))
  expect(error).toMatchObject({
    code: 'STORAGE',
    message: expect.stringMatching(new RegExp(`${path}.*ENOSPC.*; \\d+ MB free in ${join(disk, sample.id)}`)),
  })
  expect(await readFile(path, 'utf8')).toBe('older')
  expect(readdirSync(join(disk, sample.id))).toEqual(['result.json'])
})

onFullDisk('a report that does not fit leaves the older one', async () => {
  const directory = join(disk, 'experiment')
  await writeFileAtomic(join(directory, 'report', 'index.html'), 'older')
  expect(await failure(writeReport(sampleResult(), directory))).toMatchObject({
    code: 'STORAGE',
    message: expect.stringContaining('MB free'),
  })
  expect(readdirSync(directory)).toEqual(['report'])
  expect(await readFile(join(directory, 'report', 'index.html'), 'utf8')).toBe('older')
})
