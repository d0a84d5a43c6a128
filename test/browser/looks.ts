import type { Page } from './chromium.ts'

/** What a chart shows on its canvas. */
export interface ChartFacts {
  readonly chart: string
  /** CSS pixels. */
  readonly width: number
  readonly painted: number
  /** Of each line: what its key says, and pixels of its colour. */
  readonly lines: readonly { readonly label: string; readonly pressed: boolean; readonly pixels: number }[]
}

// In the page: pixels within a small distance of the colour that the line's key has.
const READ_CHARTS = `[...document.querySelectorAll('.chart')].map((element) => {
  const canvas = element.querySelector('canvas')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const near = (i, [r, g, b]) =>
    data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24
  let painted = 0
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted++
  const lines = [...element.parentElement.querySelectorAll('.keys button')].map((button) => {
    const path = button.querySelector('path')
    const opacity = Number(path.getAttribute('stroke-opacity') ?? 1)
    const ink = getComputedStyle(path).stroke.match(/[0-9.]+/g).map(Number)
    const paper = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)
    // A faint line is stored with its own colour and a lower alpha.
    const wanted = ink.slice(0, 3)
    let pixels = 0
    for (let i = 0; i < data.length; i += 4) {
      if (opacity === 1 ? near(i, wanted) : data[i + 3] > 100 && data[i + 3] < 200 && Math.abs(data[i] - wanted[0]) + Math.abs(data[i + 1] - wanted[1]) + Math.abs(data[i + 2] - wanted[2]) < 40) pixels++
    }
    const value = button.querySelector('.value').textContent
    const label = button.textContent.slice(0, button.textContent.length - value.length)
    return { label, pressed: button.getAttribute('aria-pressed') === 'true', pixels }
  })
  return { chart: element.dataset.chart, width: canvas.getBoundingClientRect().width, painted, lines }
})`

/** Every chart of the page, in order, as it is drawn now. */
export async function chartsOn(page: Page): Promise<readonly ChartFacts[]> {
  await settled(page)
  return await page.evaluate<ChartFacts[]>(READ_CHARTS)
}

/** Waits until what was asked for is painted. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))',
  )
}

/** Chooses a value of a select or radio, or ticks a box off and on, as a user does. */
export async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.evaluate(`(() => {
    const select = document.querySelector('select[name=${name}]')
    if (select !== null) {
      select.value = ${JSON.stringify(value)}
      select.dispatchEvent(new Event('change', { bubbles: true }))
    } else {
      document.querySelector('input[name=${name}][value=${JSON.stringify(value)}]').click()
    }
  })()`)
  await settled(page)
}

/** Contrast of two computed colours by WCAG 2, 1 … 21, of custom properties of the page. */
export async function contrast(page: Page, one: string, other: string): Promise<number> {
  return await page.evaluate<number>(`(() => {
    const probe = document.body.appendChild(document.createElement('span'))
    const luminance = (name) => {
      probe.style.color = 'var(' + name + ')'
      const [r, g, b] = getComputedStyle(probe).color.match(/[0-9.]+/g).map((part) => {
        const share = Number(part) / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const [light, dark] = [luminance(${JSON.stringify(one)}), luminance(${JSON.stringify(other)})].sort((a, b) => b - a)
    probe.remove()
    return (light + 0.05) / (dark + 0.05)
  })()`)
}
