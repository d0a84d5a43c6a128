// Goal: publishing to a folder leaves there what was asked, changes nothing else, and can be cut off anywhere and called
// again. Method: real folders; publications are compared file by file with what was there before.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderDestination } from '../../src/publish/folder-destination.ts'
import { type PublishOptions, publish } from '../../src/publish/publish.ts'
import { reportContents } from '../../src/report/write-report.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { sampleSide } from '../result/sample-result.ts'
import { dailyExperiment, each } from './experiments.ts'

// Files on a disk that others use, too.
setDefaultTimeout(30_000)

let base = ''
let place = ''
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'bench-publish-'))
  place = join(base, 'public')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const options = (changes: Partial<PublishOptions> = {}): PublishOptions => ({
  to: place,
  site: false,
  endpoint: undefined,
  region: undefined,
  home: join(base, 'home'),
  environment: {},
  ...changes,
})

function send(results: readonly ExperimentResult[], changes: Partial<PublishOptions> = {}) {
  return publish(each(...results), options(changes), () => {}, new AbortController().signal)
}

const failure = (action: Promise<unknown>) =>
  action.then(
    () => null,
    (error: unknown) => error,
  )

/** Path → content and inode: a file that was replaced has another one. */
function snapshot(folder = place): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), `${statSync(path).ino} ${readFileSync(path, 'utf8')}`]),
  )
}

test('the files of the report and a manifest, nothing else', async () => {
  const result = dailyExperiment(0)
  const { experiments, site } = await send([result])
  const names = [...reportContents(result)].map(([name]) => `${result.id}/${name}`)
  expect([...snapshot().keys()]).toEqual([...names, `manifests/${result.id}.json`].sort())
  expect(experiments).toMatchObject([{ id: result.id, unchanged: 0, removed: [], notes: [] }])
  expect(experiments[0]!.written).toHaveLength(names.length)
  expect(site).toBeNull()
})

test('again: nothing is written; one experiment changed: only its files are, and what tells of it', async () => {
  const [one, two] = [dailyExperiment(0), dailyExperiment(1)]
  await send([one, two], { site: true })
  const before = snapshot()
  const again = await send([one, two], { site: true })
  expect(again.experiments.flatMap(({ written }) => written)).toEqual([])
  expect(again.site).toMatchObject({ experiments: 2, written: [] })
  expect(snapshot()).toEqual(before)

  await send([{ ...two, partial: 'Ctrl-C' }])
  const after = snapshot()
  const changed = [...after].filter(([path, content]) => before.get(path) !== content).map(([path]) => path)
  expect(changed).toEqual([
    `${two.id}/index.html`,
    `${two.id}/metrics.json`,
    `${two.id}/raw_data/result.json`,
    'experiments.json',
    'index.html',
    `manifests/${two.id}.json`,
    'trends.html',
  ])
  expect(after.get('index.html')).toContain('>partial</span>')
})

test('a site once made is kept up to date without being asked', async () => {
  await send([dailyExperiment(0)], { site: true })
  expect((await send([dailyExperiment(1)])).site).toMatchObject({ experiments: 2 })
  expect(readFileSync(join(place, 'index.html'), 'utf8')).toContain('2 experiments')
})

test('what an older publication wrote and nobody changed goes; what was changed, and what is not ours, stays', async () => {
  const result = dailyExperiment(0)
  await send([result])
  const raw = join(place, result.id, 'raw_data')
  writeFileSync(join(raw, 'rabbitmq.publish.hlog'), 'edited')
  writeFileSync(join(raw, 'notes.txt'), 'mine')
  const fewer = {
    ...result,
    sides: [result.sides[0]!, sampleSide('rabbitmq', { trials: [], error: { message: 'gone', hint: null } })],
  }
  const { experiments } = await send([fewer])
  expect(experiments[0]!.removed).toContain(`${result.id}/raw_data/rabbitmq.omb.json`)
  expect(existsSync(join(raw, 'rabbitmq.omb.json'))).toBe(false)
  expect(readFileSync(join(raw, 'rabbitmq.publish.hlog'), 'utf8')).toBe('edited')
  expect(readFileSync(join(raw, 'notes.txt'), 'utf8')).toBe('mine')
  expect(experiments[0]!.notes).toEqual([
    `${result.id}/raw_data/rabbitmq.publish.hlog is of an older publication and was changed since: left as it is`,
  ])
})

test.each([
  ['a page at the place of the index', 'index.html', '<h1>My home page</h1>'],
  ['an index of something else', 'experiments.json', '{"experiments":[]}'],
])('%s is refused before anything is written', async (_what, name, content) => {
  mkdirSync(place)
  writeFileSync(join(place, name), content)
  expect(await failure(send([dailyExperiment(0)], { site: true }))).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(`expected ${name} in ${place} to be absent or of bench publish`),
  })
  expect([...snapshot().keys()]).toEqual([name])
  expect(readFileSync(join(place, name), 'utf8')).toBe(content)
})

test('a file in the way of a report is not replaced', async () => {
  const { id } = dailyExperiment(0)
  mkdirSync(join(place, id), { recursive: true })
  writeFileSync(join(place, id, 'index.html'), 'mine')
  expect(await failure(send([dailyExperiment(0)]))).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(`expected ${id}/index.html in ${place} to be absent`),
  })
  expect([...snapshot().keys()]).toEqual([`${id}/index.html`])
})

test('a link in the way is neither followed nor replaced', async () => {
  const { id } = dailyExperiment(0)
  mkdirSync(join(place, id), { recursive: true })
  const target = join(base, 'mine.html')
  writeFileSync(target, 'mine')
  symlinkSync(target, join(place, id, 'index.html'))
  expect(await failure(send([dailyExperiment(0)]))).toMatchObject({ code: 'CONFIG' })
  expect(readFileSync(target, 'utf8')).toBe('mine')
  expect(lstatSync(join(place, id, 'index.html')).isSymbolicLink()).toBe(true)
})

test('without --site an index of somebody else is nobody’s business', async () => {
  mkdirSync(place)
  writeFileSync(join(place, 'experiments.json'), '[]')
  expect((await send([dailyExperiment(0)])).site).toBeNull()
  expect(readFileSync(join(place, 'experiments.json'), 'utf8')).toBe('[]')
})

test('another experiment that began in the same second on another machine is refused', async () => {
  const one = dailyExperiment(0)
  await send([one])
  const before = snapshot()
  const other = { ...one, startedAt: one.startedAt.replace('.000Z', '.500Z') }
  expect(await failure(send([other]))).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(`expected ${one.id} in ${place} to be this experiment`),
    hint: expect.stringContaining('two machines'),
  })
  expect(snapshot()).toEqual(before)
})

test('cut off after any number of writes, the next call ends with what a whole one gives', async () => {
  const result = dailyExperiment(0)
  await send([result], { site: true })
  const whole = [...snapshot()].map(([path, content]) => [path, content.replace(/^\d+ /, '')])
  const writes = whole.length + 1
  for (let cut = 0; cut < writes; cut += 5) {
    rmSync(place, { recursive: true })
    const controller = new AbortController()
    let left = cut
    const endless = folderDestination(place, controller.signal)
    const broken = {
      ...endless,
      write: async (path: string, content: Uint8Array) => {
        if (left-- <= 0) controller.abort(new Error('cut off'))
        await endless.write(path, content)
      },
    }
    expect(
      await failure(
        publish(
          each(result),
          options({ site: true }),
          () => {},
          controller.signal,
          async () => broken,
        ),
      ),
    ).toMatchObject({ message: 'cut off' })
    await send([result], { site: true })
    expect([...snapshot()].map(([path, content]) => [path, content.replace(/^\d+ /, '')])).toEqual(whole)
  }
})

test('many publishers at once: the site tells of every experiment', async () => {
  const results = Array.from({ length: 6 }, (_, n) => dailyExperiment(n))
  await Promise.all(results.map((result) => send([result], { site: true })))
  const index = JSON.parse(readFileSync(join(place, 'experiments.json'), 'utf8'))
  expect(index.experiments.map(({ id }: { id: string }) => id)).toEqual(results.map(({ id }) => id).reverse())
  for (const { id } of results)
    expect(readFileSync(join(place, 'index.html'), 'utf8')).toContain(`href="${id}/index.html"`)
  expect(
    readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp')),
  ).toEqual([])
})

test('an experiment whose folder was taken away leaves the site, a manifest of somebody else is told', async () => {
  const [one, two] = [dailyExperiment(0), dailyExperiment(1)]
  await send([one, two], { site: true })
  rmSync(join(place, one.id), { recursive: true })
  mkdirSync(join(place, 'exp-20200101-000000'))
  writeFileSync(join(place, 'manifests/exp-20200101-000000.json'), '{"generator":"other"}')
  const { site } = await send([two], { site: true })
  expect(site).toMatchObject({
    experiments: 1,
    notes: ['manifests/exp-20200101-000000.json is not read: not of this bench'],
  })
  expect(readFileSync(join(place, 'index.html'), 'utf8')).not.toContain(one.id)
})

test('bad places: words, and what to do', async () => {
  const result = dailyExperiment(0)
  writeFileSync(join(base, 'file'), '')
  expect(await failure(send([result], { to: join(base, 'file') }))).toMatchObject({
    code: 'STORAGE',
    hint: expect.stringContaining('a file stands where a folder is expected'),
  })
  mkdirSync(join(base, 'home'))
  expect(await failure(send([result], { to: join(base, 'home', 'x') }))).toMatchObject({ code: 'CONFIG' })
  if (process.getuid?.() !== 0) {
    mkdirSync(place)
    chmodSync(place, 0o555)
    expect(await failure(send([result]))).toMatchObject({
      code: 'STORAGE',
      hint: expect.stringContaining('permissions'),
    })
    chmodSync(place, 0o755)
  }
  expect(await failure(send([{ ...result, id: '../../etc' }]))).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('expected the id of an experiment'),
  })
  expect(await failure(send([{ ...result, startedAt: 'yesterday' }]))).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('expected an ISO time of start'),
  })
})

test.each([
  ['', 'got nothing'],
  ['s3://', 'expected a bucket after s3://, got none'],
  ['s3:///prefix', 'expected a bucket'],
  ['s3://Bad_Bucket/x', 'expected the name of a bucket'],
  ['s3://bucket/a/../b', 'without . and ..'],
  ['https://example.com/x', 'got https://'],
])('%s is no destination: %s', async (to, words) => {
  expect(await failure(send([dailyExperiment(0)], { to }))).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(words),
  })
})
