// Goal: a reader can choose what the charts show, with a mouse and with a keyboard alone, and hear it. Method: Chromium
// over its debugging protocol; keys are pressed and fields changed as a user does, and pixels tell what was drawn.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { type Browser, findChromium, type Page, startBrowser } from './chromium.ts'
import { chartsOn, choose, settled } from './looks.ts'
import { hostileResult, ratesResult, reportAddress } from './sample-reports.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 90_000
const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
const inBrowser = test.skipIf(
  typeof found === 'string' && skipLoudly(`no report is used, because Chromium is missing: ${found}`),
)
let browser: Browser
let directory = ''
let hostile = ''
let rates = ''

beforeAll(async () => {
  if (typeof found === 'string') return
  browser = await startBrowser(found)
  directory = await mkdtemp(join(tmpdir(), 'bench-page-'))
  hostile = await reportAddress(hostileResult(), directory, 'hostile')
  rates = await reportAddress(ratesResult(), directory, 'rates')
}, SETUP_LIMIT_MS)

afterAll(async () => {
  await browser?.close()
  if (directory !== '') await rm(directory, { recursive: true, force: true })
})

const pixelsOf = async (page: Page, chart: number, label: string) =>
  (await chartsOn(page))[chart]!.lines.find((line) => line.label === label)?.pixels ?? null

/** The first chart as it is drawn. */
const picture = (page: Page) => page.evaluate<string>("document.querySelector('.chart canvas').toDataURL()")

inBrowser(
  'a line is hidden and shown again from the keyboard, and its key says so',
  async () => {
    await browser.look(hostile, async (page) => {
      expect(await pixelsOf(page, 0, 'kafka')).toBeGreaterThan(100)
      await page.evaluate("document.querySelector('.keys button').focus()")
      await page.press(' ')
      expect(await pixelsOf(page, 0, 'kafka')).toBe(0)
      expect(await pixelsOf(page, 0, 'rabbitmq')).toBeGreaterThan(100)
      // The focus stays where it was, though the keys are made anew.
      expect(await page.evaluate<string>('document.activeElement.getAttribute("aria-pressed")')).toBe('false')
      await page.press('Enter')
      expect(await pixelsOf(page, 0, 'kafka')).toBeGreaterThan(100)
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'sides, quantile, scale, rate and trial change what is drawn',
  async () => {
    await browser.look(rates, async (page) => {
      const before = await picture(page)
      await choose(page, 'scale', 'linear')
      const linear = await picture(page)
      expect(linear).not.toBe(before)
      await choose(page, 'scale', 'log')
      expect(await picture(page)).toBe(before)
      await choose(page, 'load', '2')
      expect(await picture(page)).not.toBe(before)
      const shown = () => page.evaluate<string>("document.querySelector('[data-shown=time]').textContent")
      expect(await shown()).toBe('Shown: 2,000 msg/s, p99, median and range of all trials.')
      await choose(page, 'trial', '2')
      await choose(page, 'quantile', 'max')
      expect(await shown()).toBe('Shown: 2,000 msg/s, max, trial 2.')
      await choose(page, 'side', '0')
      for (const { lines } of await chartsOn(page)) {
        expect(lines.length).toBeGreaterThan(0)
        expect(lines.some(({ label }) => label.startsWith('kafka'))).toBe(false)
      }
      await choose(page, 'side', '1')
      const keys = (await chartsOn(page)).map(({ lines }) => lines.map(({ label }) => label))
      expect(keys).toEqual([[], [], [], [], ['scheduled'], [], []])
      expect(page.errors).toEqual([])
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'the colours follow the system until the reader chooses',
  async () => {
    await browser.look(hostile, async (page) => {
      const paper = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      await page.setViewport(1280, 900, 'light')
      const light = await paper()
      await page.setViewport(1280, 900, 'dark')
      const dark = await paper()
      expect(dark).not.toBe(light)
      expect(await pixelsOf(page, 0, 'kafka')).toBeGreaterThan(100)
      await choose(page, 'theme', 'light')
      expect(await paper()).toBe(light)
      // Lines have the colours that their keys have now.
      expect(await pixelsOf(page, 0, 'kafka')).toBeGreaterThan(100)
      await page.setViewport(1280, 900, 'light')
      await choose(page, 'theme', 'dark')
      expect(await paper()).toBe(dark)
      expect(await pixelsOf(page, 0, 'kafka')).toBeGreaterThan(100)
      expect(page.errors).toEqual([])
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'a keyboard reaches the skip link first; arrow keys read a chart, and a screen reader hears it',
  async () => {
    await browser.look(hostile, async (page) => {
      await page.press('Tab')
      expect(await page.evaluate<string>('document.activeElement.className')).toBe('skip')
      const labels = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.chart')].map((element) => element.getAttribute('aria-label'))",
      )
      for (const label of labels) expect(label.length).toBeGreaterThan(30)
      expect(labels[0]).toContain('kafka: p50 1.50')
      const readout = () => page.evaluate<string>("document.getElementById('readout').textContent")
      await page.evaluate("document.querySelector('.chart').focus()")
      await page.press('Home')
      await settled(page)
      expect(await readout()).toMatch(/^0 %: kafka \d/)
      await page.press('ArrowRight')
      await page.press('ArrowRight')
      await settled(page)
      expect(await readout()).toMatch(/^\d+(\.\d+)? %: kafka \d+(\.\d+)?, rabbitmq \d/)
      const value = await page.evaluate<string>("document.querySelector('.keys .value').textContent")
      expect(await readout()).toContain(`kafka ${value},`)
      // Every control has a name.
      const nameless = await page.evaluate<number>(
        "[...document.querySelectorAll('button, input, select')].filter((field) => (field.labels?.[0] ?? field).textContent.trim() === '').length",
      )
      expect(nameless).toBe(0)
    })
  },
  TEST_LIMIT_MS,
)
