// Goal: the pages of a site stay small however many experiments there are, a full page of older ones never changes again,
// and nothing that somebody else named becomes markup. Method: pages are made from entries alone and read as text.
import { expect, test } from 'bun:test'
import type { SiteEntry } from '../../src/publish/manifest.ts'
import { siteEntry } from '../../src/publish/site-entry.ts'
import { sitePages } from '../../src/publish/site-pages.ts'
import { trendsView } from '../../src/publish/trends-view.ts'
import { sampleSide, sampleTrial } from '../result/sample-result.ts'
import { dailyExperiment } from './experiments.ts'

const MAX_PAGE_BYTES = 1_000_000
const HOSTILE = `<script>alert(1)</script>"'&</script><img src=x onerror=alert(2)>`

const plain = siteEntry(dailyExperiment(0))

/** Newest first. */
function entries(count: number, shape: SiteEntry = plain): SiteEntry[] {
  return Array.from({ length: count }, (_, n) => {
    const { id, startedAt } = dailyExperiment(count - 1 - n, { sides: [] })
    return { ...shape, id, startedAt }
  })
}

test('an entry holds the figures of each side, medians over its trials', () => {
  const trials = [
    sampleTrial({ medianUs: 1_000 }),
    sampleTrial({ medianUs: 2_000 }),
    sampleTrial({ medianUs: 3_000 }),
  ]
  const entry = siteEntry(dailyExperiment(0, { sides: [sampleSide('kafka', { trials })] }))
  const [load] = entry.sides[0]!.loads
  const p99s = trials
    .map(({ phases }) => phases.measure.latencies.publish.summary.p99.us)
    .sort((a, b) => a - b)
  expect(load).toMatchObject({
    rateHz: 1_000,
    trials: 3,
    held: true,
    ranked: true,
    publishP99Us: p99s[1]!,
    publishedHz: 1_000,
    cpuPerMessageUs: (7.25 * 1e6) / 20_000,
  })
  expect(entry.load).toContain('1,024 bytes')
})

test('a side that did not hold the rate is told with what it published; one that did not run has no figures', () => {
  const slow = sampleTrial({ acknowledgedShare: 0.5 })
  const sides = [
    sampleSide('slow', { trials: [slow] }),
    sampleSide('absent', { trials: [], error: { message: 'no', hint: null } }),
  ]
  const entry = siteEntry(dailyExperiment(0, { sides }))
  expect(entry.sides[0]!.loads[0]).toMatchObject({ held: false, ranked: false, publishedHz: 500 })
  expect(entry.sides[1]).toMatchObject({ verdict: 'not run', loads: [], version: '' })
  const page = sitePages([entry]).get('index.html')!
  expect(page).toContain('500 of 1,000 msg/s')
  expect(page).toContain('not run')
})

test('trials at several rates are points of their own', () => {
  const at = (rateHz: number) => ({ ...sampleTrial({ rateHz }), rateHz })
  const entry = siteEntry(
    dailyExperiment(0, { sides: [sampleSide('kafka', { trials: [at(500), at(1_000), at(500)] })] }),
  )
  expect(entry.sides[0]!.loads.map(({ rateHz, trials }) => [rateHz, trials])).toEqual([
    [500, 2],
    [1_000, 1],
  ])
  expect(trendsView([entry]).groups.map(({ title }) => title)).toEqual([
    expect.stringContaining('sample · 1,000 msg/s'),
    expect.stringContaining('sample · 500 msg/s'),
  ])
})

test('1,000 experiments: four pages, all of them drawn in the trends', () => {
  const pages = sitePages(entries(1_000))
  expect([...pages.keys()]).toEqual(['trends.html', 'older-1.html', 'older-2.html', 'index.html'])
  expectSmall(pages)
  expect(trendsView(entries(1_000)).trendData.experiments).toHaveLength(1_000)
})

test.each(['x', '"', '<', '𝄞'])(
  'names of 400 times %s in 40 sides: every page is below 1 MB still',
  (character) => {
    const long = character.repeat(400)
    const sides = Array.from({ length: 40 }, (_, n) => sampleSide(`${n}-${long}`))
    const workload = { ...dailyExperiment(0).workload, name: long }
    const shape = siteEntry(dailyExperiment(0, { sides, workload, partial: long, benchVersion: long }))
    expect(shape.sides).toHaveLength(12)
    expect(shape.moreSides).toBe(28)
    const named = entries(1_000, shape).map((entry, n) => ({ ...entry, workload: `${n}${entry.workload}` }))
    const pages = sitePages(named)
    expectSmall(pages)
    expect(pages.get('trends.html')).toMatch(
      /The newest \d+ experiments are drawn; [\d,]+ older ones stand in the index/,
    )
  },
)

function expectSmall(pages: ReadonlyMap<string, string>): void {
  for (const [name, html] of pages) {
    expect([name, Buffer.byteLength(html) < MAX_PAGE_BYTES]).toEqual([name, true])
  }
}

test('every experiment stands on one page; pages of older ones never change again', () => {
  const all = entries(777)
  const now = sitePages(all)
  const found = [...now]
    .filter(([name]) => name !== 'trends.html')
    .flatMap(([, html]) => [...html.matchAll(/<h2><a href="(exp-[^/]+)\//g)].map((match) => match[1]!))
  expect(found.sort()).toEqual(all.map(({ id }) => id).sort())
  const before = sitePages(all.slice(20))
  expect(before.get('older-1.html')).toBe(now.get('older-1.html')!)
  expect(now.get('index.html')).toContain('<a href="older-2.html">older →</a>')
  expect(now.get('older-2.html')).toContain('<a href="index.html">← newer</a>')
})

test('the same experiments give the same bytes', () => {
  expect(sitePages(entries(3))).toEqual(sitePages(entries(3)))
})

test('no experiment yet: pages that say so', () => {
  for (const html of sitePages([]).values())
    expect(html).toContain('No experiment has been published here yet.')
})

test('names are text, in both pages', () => {
  const side = sampleSide(HOSTILE, { driver: HOSTILE })
  const trial = side.trials[0]!
  const hostile = siteEntry(
    dailyExperiment(0, {
      workload: { ...dailyExperiment(0).workload, name: HOSTILE },
      partial: HOSTILE,
      benchVersion: HOSTILE,
      sides: [
        { ...side, trials: [{ ...trial, server: { ...trial.server, version: HOSTILE, client: HOSTILE } }] },
      ],
      host: { ...dailyExperiment(0).host, cpuModel: HOSTILE, os: HOSTILE },
    }),
  )
  for (const [name, html] of sitePages([hostile])) {
    expect(html).not.toContain('<script>alert')
    expect(html).not.toContain('<img')
    expect([name, html.match(/<script/g)!.length]).toEqual([name, name === 'trends.html' ? 3 : 1])
  }
})
