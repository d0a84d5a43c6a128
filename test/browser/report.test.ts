// Goal: the report opens from a disk, without network, in a real browser: every line of every chart is drawn, in light and
// dark and at phone width, nothing fails, nothing is fetched, and text from files stays text. Method: Chromium (installed,
// or unpacked into the cache), offline, over its debugging protocol; on each canvas the pixels of each line's colour are
// counted. Skipped, loudly, where no Chromium can be had.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleResult, sampleSide } from '../result/sample-result.ts'
import { pollUntil } from '../support/poll.ts'
import { skipLoudly } from '../support/skip.ts'
import { type Browser, findChromium, type Page, startBrowser } from './chromium.ts'
import { chartsOn, contrast } from './looks.ts'
import { HOSTILE, hostileResult, ratesResult, reportAddress } from './sample-reports.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 90_000
const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
const inBrowser = test.skipIf(
  typeof found === 'string' && skipLoudly(`no report is looked at, because Chromium is missing: ${found}`),
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

/** Nothing was said on the console, and nothing was asked for but the page itself. */
function expectQuiet(page: Page, address: string): void {
  expect(page.errors).toEqual([])
  expect(page.requests.filter((url) => !url.startsWith('data:'))).toEqual([address])
}

const TIME = ['latency', 'latency', 'rate']

for (const [name, width, scheme] of [
  ['wide and light', 1280, 'light'],
  ['wide and dark', 1280, 'dark'],
  ['phone and light', 400, 'light'],
] as const) {
  inBrowser(
    `${name}: every line of every chart is drawn, nothing overflows, nothing fails, nothing is fetched`,
    async () => {
      for (const [address, expected] of [
        [hostile, ['percentile', 'percentile', ...TIME]],
        [rates, ['percentile', 'percentile', ...TIME, 'curve', 'curve']],
      ] as const) {
        await browser.look(address, async (page) => {
          await page.setViewport(width, 900, scheme)
          const charts = await chartsOn(page)
          expect(charts.map(({ chart }) => chart)).toEqual([...expected])
          for (const { painted, lines, width: drawn } of charts) {
            expect(painted).toBeGreaterThan(3_000)
            expect(drawn).toBeLessThanOrEqual(width)
            expect(lines.length).toBeGreaterThan(1)
            for (const { pixels } of lines) expect(pixels).toBeGreaterThan(30)
          }
          expect(
            await page.evaluate<number>(
              'document.documentElement.scrollWidth - document.documentElement.clientWidth',
            ),
          ).toBe(0)
          expectQuiet(page, address)
        })
      }
    },
    TEST_LIMIT_MS,
  )
}

inBrowser(
  'a run in which nothing could be measured is a page, too',
  async () => {
    const error = { message: 'no answer', hint: 'start it' }
    const sides = ['a', 'b'].map((label) => sampleSide(label, { trials: [], error }))
    const address = await reportAddress(sampleResult({ sides }), directory, 'nothing')
    await browser.look(address, async (page) => {
      expect((await chartsOn(page)).map(({ chart }) => chart)).toEqual(['percentile', 'percentile', ...TIME])
      const verdict = await page.evaluate<string>("document.querySelector('.first').textContent")
      expect(verdict).toBe('not run: a and b.')
      expectQuiet(page, address)
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'text and lines stand out from the paper, in light and in dark',
  async () => {
    await browser.look(hostile, async (page) => {
      for (const scheme of ['light', 'dark'] as const) {
        await page.setViewport(1280, 900, scheme)
        for (const text of ['--ink', '--soft', '--good', '--notice', '--bad', '--link']) {
          expect(await contrast(page, text, '--paper')).toBeGreaterThan(4.5)
        }
        for (const side of ['--s0', '--s1', '--s2', '--s3', '--s4', '--s5']) {
          expect(await contrast(page, side, '--paper')).toBeGreaterThan(3)
        }
      }
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'text from files is shown as text',
  async () => {
    await browser.look(hostile, async (page) => {
      expect(await page.evaluate<string>("document.querySelector('h1').textContent")).toBe(HOSTILE)
      expect(await page.evaluate<string>('document.title')).toContain(HOSTILE)
      expect(await page.evaluate<number>("document.querySelectorAll('img').length")).toBe(0)
      expect(await page.evaluate<number>("document.querySelectorAll('script').length")).toBe(5)
      const keys = await page.evaluate<string>("document.querySelector('.keys').textContent")
      expect(keys).toContain(`third${HOSTILE}`)
    })
  },
  TEST_LIMIT_MS,
)

inBrowser(
  'the downloads are saved as whole files',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-saved-'))
    try {
      await browser.look(hostile, async (page) => {
        await page.downloadTo(folder)
        const names = await page.evaluate<string[]>(
          "[...document.querySelectorAll('a.packed')].map((link) => link.dataset.name)",
        )
        const endings = ['csv', 'json', 'yaml', ...Array(6).fill('hgrm')]
        expect(names.map((name) => name.split('.').at(-1)!)).toEqual(endings)
        const wanted = [names[1]!, names[3]!]
        for (const name of wanted) {
          await page.evaluate(`document.querySelector('a[data-name="${name}"]').click()`)
          await pollUntil(name, TEST_LIMIT_MS / 3, async () => (await readdir(folder)).includes(name))
        }
        const [json, hgrm] = await Promise.all(wanted.map((name) => readFile(join(folder, name), 'utf8')))
        expect(JSON.parse(json!).workload.name).toBe(HOSTILE)
        expect(hgrm).toStartWith('       Value     Percentile TotalCount 1/(1-Percentile)')
        expect(page.errors).toEqual([])
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
  TEST_LIMIT_MS,
)
