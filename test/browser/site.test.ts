// Goal: the pages of a site open from a disk, without network, in a real browser: the charts of the trend page are drawn,
// filters and links work, nothing fails, and text from files stays text. Method: Chromium over its debugging protocol on a
// site of thirty experiments. Skipped, loudly, where no Chromium can be had.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { publish } from '../../src/publish/publish.ts'
import type { ExperimentResult, SideResult } from '../../src/result/result.ts'
import { dailyExperiment, each } from '../publish/experiments.ts'
import { sampleSide, sampleTrial } from '../result/sample-result.ts'
import { pollUntil } from '../support/poll.ts'
import { type Chromium, findChromium, type Page, withPage } from './chromium.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 60_000
const HOSTILE = '<script>alert(1)</script>'
const EXPERIMENTS = 30

const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
if (typeof found === 'string') {
  console.warn(`SKIPPED: the site is not looked at in a browser, because Chromium is missing: ${found}`)
}
const inBrowser = test.skipIf(typeof found === 'string')
const chromium = found as Chromium
const place = mkdtempSync(join(tmpdir(), 'bench-site-'))
const addressOf = (name: string) => pathToFileURL(join(place, name)).href

/** Two sides that grow better by a version, one of which did not hold the rate once and was left out once; another workload with a hostile name. */
function experiment(n: number): ExperimentResult {
  const version = n < 12 ? '3.9.1' : '4.0.0'
  const side = (label: string, medianUs: number, acknowledgedShare = 1): SideResult => {
    const trial = sampleTrial({ seed: 3 + (n % 7), medianUs, acknowledgedShare })
    return sampleSide(label, { trials: [{ ...trial, server: { ...trial.server, version } }] })
  }
  const isOther = n % 10 === 9
  const sample = dailyExperiment(n)
  return dailyExperiment(n, {
    workload: { ...sample.workload, name: isOther ? HOSTILE : 'poc' },
    partial: n === 20 ? `Ctrl-C ${HOSTILE}` : null,
    sides: [
      side('kafka', n < 12 ? 1_500 : 1_200),
      ...(n === 15 ? [] : [side('rabbitmq', 2_600, n === 7 ? 0.6 : 1)]),
      ...(isOther ? [side(`third${HOSTILE}`, 4_000)] : []),
    ],
  })
}

beforeAll(async () => {
  if (typeof found === 'string') return
  const results = Array.from({ length: EXPERIMENTS }, (_, n) => experiment(n))
  const options = {
    to: place,
    site: true,
    endpoint: undefined,
    region: undefined,
    home: join(place, 'home'),
    environment: {},
  }
  await publish(each(...results), options, () => {}, new AbortController().signal)
}, TEST_LIMIT_MS)
afterAll(() => rmSync(place, { recursive: true, force: true }))

const NEXT_FRAMES =
  'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))'

const READ_CANVASES = `[...document.querySelectorAll('.chart')].map((element) => {
  const canvas = element.querySelector('canvas')
  if (canvas === null) return { figure: element.dataset.figure, colors: 0, painted: 0 }
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const colors = new Set()
  let painted = 0
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue
    painted++
    colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
  }
  return { figure: element.dataset.figure, colors: colors.size, painted }
})`

interface CanvasFacts {
  readonly figure: string
  readonly colors: number
  readonly painted: number
}

async function expectSound(page: Page, address: string): Promise<void> {
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  expect(overflow).toBeLessThanOrEqual(0)
  expect(page.errors).toEqual([])
  expect(page.requests.filter((url) => url !== address && !url.startsWith('data:'))).toEqual([])
  expect(await page.evaluate<number>("document.querySelectorAll('img').length")).toBe(0)
}

const VIEWS = [
  ['wide and light', 1280, 'light'],
  ['wide and dark', 1280, 'dark'],
  ['phone and light', 400, 'light'],
] as const

for (const [name, width, scheme] of VIEWS) {
  inBrowser(
    `trends, ${name}: every chart is drawn, nothing overflows, nothing fails, nothing is fetched`,
    async () => {
      const address = addressOf('trends.html')
      await withPage(chromium, address, async (page) => {
        await page.setViewport(width, 900, scheme)
        await page.evaluate(NEXT_FRAMES)
        const canvases = await page.evaluate<CanvasFacts[]>(READ_CANVASES)
        expect(canvases.map(({ figure }) => figure)).toEqual(['publish', 'endToEnd', 'cpu', 'rate'])
        for (const canvas of canvases) {
          expect(canvas.painted).toBeGreaterThan(1_000)
          expect(canvas.colors).toBeGreaterThan(3)
        }
        await expectSound(page, address)
        if (scheme === 'dark') expect((await page.pdf()).length).toBeGreaterThan(10_000)
        expect(page.errors).toEqual([])
      })
    },
    TEST_LIMIT_MS,
  )
  inBrowser(
    `index, ${name}: nothing overflows, nothing fails, nothing is fetched`,
    async () => {
      const address = addressOf('index.html')
      await withPage(chromium, address, async (page) => {
        await page.setViewport(width, 900, scheme)
        await page.evaluate(NEXT_FRAMES)
        expect(await page.evaluate<number>("document.querySelectorAll('.entry').length")).toBe(EXPERIMENTS)
        await expectSound(page, address)
      })
    },
    TEST_LIMIT_MS,
  )
}

const shownEntries =
  "[...document.querySelectorAll('.entry')].filter((entry) => entry.offsetHeight > 0).length"
const type = (name: string, value: string) => `(() => {
  const field = document.querySelector('.filters').elements[${JSON.stringify(name)}]
  field.value = ${JSON.stringify(value)}
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
})()`

inBrowser(
  'index: filters show what matches, links lead to reports, names are text',
  async () => {
    await withPage(chromium, addressOf('index.html'), async (page) => {
      await page.evaluate(type('workload', HOSTILE))
      expect(await page.evaluate<number>(shownEntries)).toBe(3)
      expect(await page.evaluate<string>("document.querySelector('output').value")).toBe(
        '3 of 30 on this page',
      )
      await page.evaluate(type('workload', ''))
      await page.evaluate(type('text', '3.9.1 KAFKA'))
      expect(await page.evaluate<number>(shownEntries)).toBe(12)
      await page.evaluate(type('text', ''))
      await page.evaluate(type('tone', 'notice'))
      expect(await page.evaluate<number>(shownEntries)).toBe(2)
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.entry a')].map((a) => a.href)",
      )
      expect(links).toHaveLength(2 * EXPERIMENTS)
      for (const link of links) expect(existsSync(fileURLToPath(link))).toBe(true)
      expect(await page.evaluate<string>("document.querySelector('.entry h2 a').textContent")).toBe(HOSTILE)
      expect(page.errors).toEqual([])
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'trends: versions are marked, each point links to its report, another workload is drawn when it is chosen',
  async () => {
    await withPage(chromium, addressOf('trends.html'), async (page) => {
      const titles = await page.evaluate<string[]>(
        "[...document.querySelectorAll('option')].map((o) => o.textContent)",
      )
      expect(titles).toEqual([
        expect.stringContaining(`${HOSTILE} · 1,000 msg/s`),
        expect.stringContaining('poc · 1,000 msg/s'),
      ])
      await page.evaluate(type('group', '1'))
      const changes = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.changes li')].map((li) => li.textContent)",
      )
      expect(changes).toHaveLength(1)
      expect(changes[0]).toEndWith(': kafka: 3.9.1 → 4.0.0; rabbitmq: 3.9.1 → 4.0.0')
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('#points a')].map((a) => a.href)",
      )
      expect(links).toHaveLength(27 * 2 - 1)
      for (const link of links) expect(existsSync(fileURLToPath(link))).toBe(true)
      await page.evaluate("document.querySelector('.chart').focus()")
      await page.press('End')
      const keys = await page.evaluate<string>("document.querySelector('.keys').textContent")
      const newest = dailyExperiment(28)
      expect(keys).toContain(newest.id)
      expect(await page.evaluate<string>("document.getElementById('readout').textContent")).toMatch(
        /kafka \d.*rabbitmq \d/,
      )
      // The fifteenth of this workload was run without rabbitmq.
      await page.press('Home')
      for (let step = 0; step < 14; step++) await page.press('ArrowRight')
      const words = await page.evaluate<string>("document.getElementById('readout').textContent")
      expect(words).toMatch(/kafka \d.*rabbitmq –/)
      await page.press('End')
      await page.press('Enter')
      const report = addressOf(`${newest.id}/index.html`)
      await pollUntil(
        'the report of the point',
        TEST_LIMIT_MS,
        async () => (await page.evaluate<string>('location.href')) === report,
      )
    })
  },
  TEST_LIMIT_MS,
)
