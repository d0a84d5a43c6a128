// Goal: the live page draws the charts of a run while it goes on, lets them grow, and says when the run has ended.
// Method: a real run over the fake system is watched in Chromium (installed, or unpacked into the cache) and ended by
// Ctrl-C when its line has grown; pixels of each canvas are read. Skipped, loudly, where no Chromium can be had.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchHome, ROOT } from '../support/bench.ts'
import { pollUntil } from '../support/poll.ts'
import { type Chromium, findChromium, withPage } from './chromium.ts'

const SETUP_LIMIT_MS = 180_000
const TEST_LIMIT_MS = 180_000
const WAIT_MS = 60_000
/** A few seconds of a line two pixels wide. */
const GROWTH_PIXELS = 50
const HOSTILE = '<img src=x onerror=alert(1)>'
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const home = benchHome()
const WORKLOAD = join(home.path, 'live.yaml')
writeFileSync(
  WORKLOAD,
  `name: "${HOSTILE}"\ntopics: 1\nmessageSize: 200\nproducerRate: 1000\ntestDurationSeconds: 150\nwarmupDurationSeconds: 2\n`,
)

const found = await findChromium(AbortSignal.timeout(SETUP_LIMIT_MS))
if (typeof found === 'string') {
  console.warn(`SKIPPED: the live page is not looked at in a browser, because Chromium is missing: ${found}`)
}
afterAll(() => home.remove())

interface Chart {
  readonly kind: string
  readonly painted: number
  readonly colors: number
}

const READ_CHARTS = `[...document.querySelectorAll('.chart')].map((element) => {
  const canvas = element.querySelector('canvas')
  if (canvas === null) return { kind: element.dataset.chart, painted: 0, colors: 0 }
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const colors = new Set()
  let painted = 0
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue
    painted++
    colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
  }
  return { kind: element.dataset.chart, painted, colors: colors.size }
})`
/** Pixels of the line of acknowledged messages, in the colour of the first side. */
const READ_LINE = `(() => {
  const canvas = document.querySelector('.chart[data-chart=rate] canvas')
  if (canvas === null) return 0
  const probe = document.createElement('canvas').getContext('2d')
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--s0')
  probe.fillRect(0, 0, 1, 1)
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let pixels = 0
  for (let i = 0; i < data.length; i += 4)
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) pixels++
  return pixels
})()`

test.skipIf(typeof found === 'string')(
  'charts are drawn while the run goes on and grow; the end is told; nothing fails',
  async () => {
    const running = home.start(['run', WORKLOAD, '--drivers', `first=${FAKE},second=${FAKE}`, '--live'])
    await running.seen(/live: http\S+/)
    const url = /live: (http\S+)/.exec(running.stderr())![1]!
    const watched = withPage(found as Chromium, url, async (page) => {
      await page.setViewport(1280, 900, 'light')
      const line = async () => {
        // What fails in the page would otherwise look like a line that never comes.
        expect(page.errors).toEqual([])
        return await page.evaluate<number>(READ_LINE)
      }
      await pollUntil('a line', WAIT_MS, async () => (await line()) > 0)
      const early = await line()
      await pollUntil('the line to grow', WAIT_MS, async () => (await line()) > early + GROWTH_PIXELS)
      running.signal('SIGINT')
      expect(await page.evaluate<string>("document.querySelector('h1').textContent")).toBe(HOSTILE)
      expect(await page.evaluate<number>("document.querySelectorAll('img').length")).toBe(0)

      const ended = "document.getElementById('status').textContent.startsWith('The run has ended')"
      await pollUntil('the end of the run', WAIT_MS, () => page.evaluate<boolean>(ended))
      let charts: Chart[] = []
      await pollUntil('the charts of the finished trial', WAIT_MS, async () => {
        charts = await page.evaluate<Chart[]>(READ_CHARTS)
        return charts.length === 5 && charts.every(({ painted }) => painted > 0)
      })
      const kinds = ['latency', 'latency', 'rate', 'percentile', 'percentile']
      expect(charts.map(({ kind }) => kind)).toEqual(kinds)
      for (const chart of charts) {
        expect(chart.painted).toBeGreaterThan(1_000)
        expect(chart.colors).toBeGreaterThan(3)
      }
      expect(await page.evaluate<string>("document.getElementById('where').textContent")).toContain(
        'index.html',
      )
      const rows = await page.evaluate<string[]>(
        "[...document.querySelectorAll('#sides tr')].map((row) => row.textContent)",
      )
      expect(rows).toHaveLength(2)
      expect(rows[0]).toMatch(/^first1 of 1(valid|saturated|invalid), \w+$/)
      expect(rows[1]).toBe('second0 of 1–')
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
      const { BENCH_SCREENSHOT } = process.env
      if (BENCH_SCREENSHOT !== undefined) await Bun.write(BENCH_SCREENSHOT, await page.screenshot())
      expect(page.errors).toEqual([])
      expect(
        page.requests.filter((address) => !address.startsWith(url) && !address.startsWith('data:')),
      ).toEqual([])
    })
    // Also when something was wrong with the page: the run would go on for minutes.
    await watched.finally(() => running.signal('SIGINT'))
    await running.finished
    expect(await home.leftovers()).toEqual([])
  },
  TEST_LIMIT_MS + SETUP_LIMIT_MS,
)
