// Goal: the report opens from a disk, without network, in a real browser: every chart is drawn, in light and dark and at
// phone width, nothing fails, and text from files stays text. Method: Chromium (installed, or unpacked into the cache)
// over its debugging protocol; pixels of each canvas are read. Skipped, loudly, where no Chromium can be had.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeReport } from '../../src/report/write-report.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'
import { type Chromium, findChromium, withPage } from './chromium.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 60_000
const HOSTILE = '<script>alert(1)</script>'

const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
if (typeof found === 'string') {
  console.warn(`SKIPPED: the report is not looked at in a browser, because Chromium is missing: ${found}`)
}
const inBrowser = test.skipIf(typeof found === 'string')
const chromium = found as Chromium
let directory = ''
let address = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-page-'))
  const sample = sampleResult()
  const { html } = await writeReport(
    {
      ...sample,
      workload: { ...sample.workload, name: HOSTILE },
      workloadSource: `name: ${HOSTILE}\n# </script><img src=x onerror=alert(2)>\n`,
      sides: [
        ...sample.sides,
        sampleSide(`third${HOSTILE}`, { trials: [sampleTrial({ acknowledgedShare: 0.9, censored: 200 })] }),
        sampleSide('absent', { trials: [], error: { message: `no answer ${HOSTILE}`, hint: null } }),
      ],
    },
    directory,
  )
  address = pathToFileURL(html).href
})

afterAll(() => rm(directory, { recursive: true, force: true }))

interface CanvasFacts {
  readonly chart: string
  readonly width: number
  /** Different colours among the pixels that are not transparent. */
  readonly colors: number
  readonly painted: number
}

const READ_CANVASES = `[...document.querySelectorAll('.chart')].map((element) => {
  const canvas = element.querySelector('canvas')
  if (canvas === null) return { chart: element.dataset.chart, width: 0, colors: 0, painted: 0 }
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const colors = new Set()
  let painted = 0
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue
    painted++
    colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
  }
  return { chart: element.dataset.chart, width: canvas.width, colors: colors.size, painted }
})`

const NEXT_FRAMES =
  'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))'

for (const [name, width, scheme] of [
  ['wide and light', 1280, 'light'],
  ['wide and dark', 1280, 'dark'],
  ['phone and light', 400, 'light'],
] as const) {
  inBrowser(
    `${name}: every chart is drawn, nothing overflows, nothing fails, nothing is fetched`,
    async () => {
      await withPage(chromium, address, async (page) => {
        await page.setViewport(width, 900, scheme)
        await page.evaluate(NEXT_FRAMES)
        const canvases = await page.evaluate<CanvasFacts[]>(READ_CANVASES)
        expect(canvases.map(({ chart }) => chart)).toEqual([
          'percentile',
          'percentile',
          ...Array.from({ length: 3 }, () => ['latency', 'latency', 'rate']).flat(),
        ])
        for (const canvas of canvases) {
          expect(canvas.painted).toBeGreaterThan(1_000)
          expect(canvas.colors).toBeGreaterThan(3)
          expect(canvas.width).toBeLessThanOrEqual(width)
        }
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect(overflow).toBeLessThanOrEqual(0)
        expect(page.errors).toEqual([])
        expect(page.requests.filter((url) => url !== address && !url.startsWith('data:'))).toEqual([])
      })
    },
    TEST_LIMIT_MS,
  )
}

inBrowser(
  'text from files is shown as text',
  async () => {
    await withPage(chromium, address, async (page) => {
      expect(await page.evaluate<string>("document.querySelector('h1').textContent")).toBe(HOSTILE)
      expect(await page.evaluate<string>('document.title')).toContain(HOSTILE)
      expect(await page.evaluate<number>("document.querySelectorAll('img').length")).toBe(0)
      expect(await page.evaluate<number>("document.querySelectorAll('script').length")).toBe(3)
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'the downloads are whole files inside the page',
  async () => {
    await withPage(chromium, address, async (page) => {
      const links = await page.evaluate<{ name: string; url: string }[]>(
        "[...document.querySelectorAll('a[download]')].map((a) => ({ name: a.download, url: a.href }))",
      )
      expect(links.map(({ name }) => name.split('.').at(-1))).toEqual(['csv', 'json'])
      const text = decodeURIComponent(links[1]!.url.slice(links[1]!.url.indexOf(',') + 1))
      expect(JSON.parse(text).workload.name).toBe(HOSTILE)
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'a keyboard reaches the skip link first, and each chart has words for a screen reader',
  async () => {
    await withPage(chromium, address, async (page) => {
      const first = await page.evaluate<string>("document.querySelector('a, button, [tabindex]').className")
      expect(first).toBe('skip')
      const labels = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.chart')].map((element) => element.getAttribute('aria-label'))",
      )
      for (const label of labels) expect(label.length).toBeGreaterThan(30)
      expect(labels[0]).toContain('kafka: p50 1.50')
    })
  },
  TEST_LIMIT_MS,
)
