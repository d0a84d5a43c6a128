// Goal: the report can be printed: every section and every chart is on the paper, in light colours, nothing cut off at its
// edge. Method: Chromium prints the page to PDF from dark mode; pages, outline and drawn lines of the PDF are read, and the
// layout for print is measured at the width of the paper.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { type Browser, findChromium, startBrowser } from './chromium.ts'
import { chartsOn, settled } from './looks.ts'
import { readPdf } from './pdf.ts'
import { ratesResult, reportAddress } from './sample-reports.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 90_000
/** A4 less the margins of the style sheet, in CSS pixels. */
const PAPER_WIDTH = 688
const LIGHT_SIDES = ['#0067a8', '#c45100']
const DARK_SIDES = ['#5fb3ec', '#f39a54']
const SECTIONS = [
  'Verdict',
  'Figures',
  'Latency by percentile',
  'Over time',
  'Latency over load',
  'Audit of every message',
  'Fairness',
  'Costs',
  'Environment',
  'Workload',
]
const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
const inBrowser = test.skipIf(
  typeof found === 'string' && skipLoudly(`no report is printed, because Chromium is missing: ${found}`),
)
let browser: Browser
let directory = ''
let address = ''

beforeAll(async () => {
  if (typeof found === 'string') return
  browser = await startBrowser(found)
  directory = await mkdtemp(join(tmpdir(), 'bench-page-'))
  address = await reportAddress(ratesResult(), directory, 'rates')
}, SETUP_LIMIT_MS)

afterAll(async () => {
  await browser?.close()
  if (directory !== '') await rm(directory, { recursive: true, force: true })
})

inBrowser(
  'on paper: some pages, every heading, every line of every chart in the colours for light paper',
  async () => {
    await browser.look(address, async (page) => {
      await page.setViewport(1280, 900, 'dark')
      await settled(page)
      const { pages, headings, strokes } = readPdf(await page.pdf())
      expect(pages).toBeGreaterThanOrEqual(3)
      expect(pages).toBeLessThanOrEqual(14)
      for (const title of ['three rates', ...SECTIONS]) expect(headings).toContain(title)
      // Both sides in each of seven charts, at least once, in the colours for light paper.
      for (const color of LIGHT_SIDES) expect(strokes.get(color) ?? 0).toBeGreaterThanOrEqual(7)
      for (const color of DARK_SIDES) expect(strokes.get(color) ?? 0).toBe(0)
      // Afterwards the screen is as it was.
      const charts = await chartsOn(page)
      for (const { lines } of charts) for (const { pixels } of lines) expect(pixels).toBeGreaterThan(30)
      expect(page.errors).toEqual([])
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'nothing is wider than the paper, and nothing stays folded',
  async () => {
    await browser.look(address, async (page) => {
      await page.setViewport(1280, 900, 'dark')
      await page.evaluate("dispatchEvent(new Event('beforeprint'))")
      await page.setViewport(PAPER_WIDTH, 1_000, 'dark', 'print')
      await settled(page)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        PAPER_WIDTH,
      )
      expect(await page.evaluate<number>("document.querySelectorAll('details:not([open])').length")).toBe(0)
      expect(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      )
      for (const { width, lines } of await chartsOn(page)) {
        expect(width).toBeLessThanOrEqual(PAPER_WIDTH)
        for (const { pixels } of lines) expect(pixels).toBeGreaterThan(30)
      }
      expect(
        await page.evaluate<number>("document.querySelectorAll('form:not([hidden])').length"),
      ).toBeGreaterThan(0)
      const controls = "getComputedStyle(document.getElementById('controls')).display"
      expect(await page.evaluate<string>(controls)).toBe('none')
    })
  },
  TEST_LIMIT_MS,
)
