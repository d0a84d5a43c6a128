// Goal: `bench publish` says in words what is wrong with what it was asked for, before it writes anything, and tells what it
// did. Method: the command line on stored results; a disk of 300 KB in memory for one that is full (skipped, loudly, where
// mounting is not allowed).
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeResult } from '../../src/result/store.ts'
import { dailyExperiment } from '../publish/experiments.ts'
import { sampleSide } from '../result/sample-result.ts'
import { benchHome } from '../support/bench.ts'
import { skipLoudly } from '../support/skip.ts'

setDefaultTimeout(60_000)

const home = benchHome()
const files = benchHome()
const place = join(files.path, 'place')
const [one, two] = [dailyExperiment(0), dailyExperiment(1, { partial: 'Ctrl-C' })]
const unfinished = 'exp-20250301-000000'

const disk = join(files.path, 'disk')
mkdirSync(disk)
const isMounted =
  process.platform === 'linux' &&
  Bun.which('mount') !== null &&
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=300k', 'bench-full', disk]).success
const hasNoDisk = !isMounted && skipLoudly('a full disk needs the right to mount a small file system')

beforeAll(async () => {
  await writeResult(one, home.path)
  await writeResult(two, home.path)
  mkdirSync(join(home.path, unfinished))
})
afterAll(() => {
  if (isMounted) Bun.spawnSync(['umount', disk])
  home.remove()
  files.remove()
})

const run = (...args: readonly string[]) =>
  home.run(['publish', ...args], { env: { GITHUB_STEP_SUMMARY: undefined } })

test.each([
  [['latest'], 2, 'expected --to with a folder or s3://bucket/prefix, or --summary; got neither'],
  [['--to', 's3://'], 2, 'expected a bucket after s3://, got none'],
  [['--to', 'ftp://host/x'], 2, 'got ftp://'],
  [['--site', '--summary'], 2, 'expected --to with --site'],
  [['--to', 'x', '--url', 'javascript:alert(1)'], 2, 'expected --url as http(s)://'],
  [['--summary', '--json'], 2, 'expected --summary or --json'],
  [['exp-20260101-060001', '--to', 'x'], 3, 'expected an experiment in'],
  [[unfinished, '--to', 'x'], 3, 'expected a result in'],
  [['--to', home.path], 3, 'expected a folder outside of'],
] as const)('%j exits %i: %s', async (args, exitCode, words) => {
  const finished = await home.run(['publish', ...args], {
    env: { GITHUB_STEP_SUMMARY: undefined },
    cwd: files.path,
  })
  expect(finished).toMatchObject({ exitCode })
  expect(finished.stderr).toContain(words)
  expect(finished.stderr).toContain('hint: ')
  expect(existsSync(join(files.path, 'x'))).toBe(false)
})

test('one unknown of several: nothing is published, all that is wrong is told', async () => {
  const { exitCode, stderr } = await run(one.id, 'nonsense', unfinished, '--to', place)
  expect(exitCode).toBe(3)
  expect(stderr).toContain('"nonsense"')
  expect(stderr).toContain(unfinished)
  expect(existsSync(place)).toBe(false)
})

test('all: what can be read is published and told, what cannot is told', async () => {
  const { exitCode, stdout, stderr } = await run('all', '--to', place, '--site')
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    new RegExp(
      `^${two.id}: \\d+ written, 0 unchanged\n${one.id}: \\d+ written, 0 unchanged\nsite of 2 experiments: 3 written`,
    ),
  )
  expect(stderr).toContain(`note: ${unfinished} is left out`)
  expect(stderr).toContain(`published to ${place}`)
  const index = readFileSync(join(place, 'index.html'), 'utf8')
  expect(index).toContain('>partial</span>')
})

test('--json: what was done, as one JSON text', async () => {
  const { stdout } = await run(one.id, '--to', place, '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    destination: place,
    experiments: [{ id: one.id, page: `${one.id}/index.html`, written: [], removed: [] }],
    site: { experiments: 2, written: [] },
  })
})

test('a result by its path', async () => {
  const { exitCode } = await run(join(home.path, one.id, 'result.json'), '--to', join(files.path, 'by-path'))
  expect(exitCode).toBe(0)
  expect(readdirSync(join(files.path, 'by-path')).sort()).toEqual([one.id, 'manifests'])
})

test('--summary: Markdown on stdout, or in the file that GitHub names, with the address of the report', async () => {
  const plain = await run('latest', '--summary')
  expect(plain).toMatchObject({ exitCode: 0 })
  expect(plain.stdout).toStartWith('## ⚠️ sample\n')
  const file = join(files.path, 'summary.md')
  writeFileSync(file, '')
  const env = {
    GITHUB_STEP_SUMMARY: file,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'a/b',
    GITHUB_RUN_ID: '7',
  }
  const args = ['publish', one.id, '--to', place, '--url', 'https://bench.example/results/']
  expect(await home.run(args, { env })).toMatchObject({ exitCode: 0 })
  const text = readFileSync(file, 'utf8')
  expect(text).toStartWith('## ✅ sample\n')
  expect(text).toContain(`[Report](<https://bench.example/results/${one.id}/index.html>)`)
  expect(text).toContain('(<https://github.example/a/b/actions/runs/7>)')
})

test.skipIf(hasNoDisk)(
  'a full disk: what is there stays whole, the error tells the room, and later it goes on',
  async () => {
    const large = dailyExperiment(2, { sides: Array.from({ length: 12 }, (_, n) => sampleSide(`side-${n}`)) })
    await writeResult(large, home.path)
    const { exitCode, stderr } = await run(large.id, '--to', disk)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/error: could not write .*ENOSPC.*; \d+ MB free in/)
    expect(stderr).toContain('hint: make room, or choose another folder with --to')
    const left = readdirSync(disk, { recursive: true, encoding: 'utf8' })
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(left).not.toContain(`${large.id}/index.html`)
    Bun.spawnSync(['mount', '-o', 'remount,size=20m', disk])
    expect(await run(large.id, '--to', disk)).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(disk, large.id, 'index.html'))).toBe(true)
  },
)
