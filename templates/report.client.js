// Runs in the page, offline: the reader's choices, keyboard, colours, paper and downloads.
/* global uPlot, benchLines, benchPlot */
;(() => {
  const data = JSON.parse(document.getElementById('chart-data').textContent)
  const root = document.documentElement
  const HEIGHTS = { percentile: 270, latency: 190, rate: 150, curve: 270 }
  const MIN_WIDTH = 200
  // A4 and Letter have room for this between the margins of the style sheet.
  const PAPER_WIDTH = 660
  const PAPER_GAP = 20

  const all = (selector) => [...document.querySelectorAll(selector)]
  for (const element of all('.scripted')) element.hidden = false

  const choice = (name, fallback) => {
    const field = document.querySelector(`select[name=${name}], input[name=${name}]:checked`)
    return field === null ? fallback : field.value
  }
  /** What the reader chose; the form alone knows. */
  const options = () => {
    const trial = choice('trial', '')
    const off = all('input[name=side]').filter((box) => !box.checked)
    return {
      load: Number(choice('load', 0)),
      trial: trial === '' ? null : Number(trial),
      quantile: choice('quantile', 'p99'),
      scale: choice('scale', 'log'),
      hidden: new Set(off.map((box) => Number(box.value))),
    }
  }

  const charts = new Map(all('.chart').map((element) => [element, { hidden: new Set() }]))
  const printing = () => root.dataset.printing !== undefined
  const widthOf = (element) => {
    if (!printing()) return Math.max(MIN_WIDTH, element.clientWidth)
    return element.closest('.one') === null ? (PAPER_WIDTH - PAPER_GAP) / 2 : PAPER_WIDTH
  }

  const draw = (element) => {
    const state = charts.get(element)
    const { scale, ...chosen } = options()
    const chart = benchLines.charts[element.dataset.chart](data, chosen, element.dataset)
    const visible = { ...chart, lines: chart.lines.filter(({ label }) => !state.hidden.has(label)) }
    const focused = element.nextElementSibling?.contains(document.activeElement)
      ? [...element.nextElementSibling.querySelectorAll('button')].indexOf(document.activeElement)
      : -1
    const keys = benchPlot.makeKeys(chart, state.hidden, (label) => {
      if (!state.hidden.delete(label)) state.hidden.add(label)
      draw(element)
    })
    state.plot?.destroy()
    element.parentElement.querySelector('.keys')?.remove()
    element.after(keys.list)
    if (focused >= 0) keys.list.querySelectorAll('button')[focused]?.focus()
    const size = { width: widthOf(element), height: HEIGHTS[element.dataset.chart] }
    const plan = benchPlot.plan(visible, scale, { ...size, moved: keys.show })
    state.chart = chart
    state.plot = new uPlot(plan.options, plan.data, element)
  }

  const tellShown = () => {
    const { trial, quantile, load } = options()
    const several = data.loads[load].time.trials.some((each) => each.trial > 1)
    const parts = []
    if (data.loads.length > 1) parts.push(data.loads[load].title)
    if (data.sides.length > 1) parts.push(quantile)
    if (several) parts.push(trial === null ? 'median and range of all trials' : `trial ${trial}`)
    for (const place of all('[data-shown=time]')) {
      place.textContent = parts.length === 0 ? '' : `Shown: ${parts.join(', ')}.`
    }
  }
  const drawAll = () => {
    tellShown()
    for (const element of charts.keys()) draw(element)
  }
  drawAll()

  for (const form of all('form.controls')) {
    form.addEventListener('change', drawAll)
    form.addEventListener('submit', (event) => event.preventDefault())
  }

  const resized = new ResizeObserver((entries) => {
    if (printing()) return
    for (const { target } of entries) {
      const { plot } = charts.get(target)
      const width = widthOf(target)
      if (Math.abs(plot.width - width) > 1) plot.setSize({ width, height: HEIGHTS[target.dataset.chart] })
    }
  })
  for (const element of charts.keys()) resized.observe(element)

  // Arrow keys read a chart value by value, aloud and in its keys.
  const readout = document.getElementById('readout')
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 }
  const read = (element, step) => {
    const { plot, chart, hidden } = charts.get(element)
    const last = chart.x.length - 1
    if (last < 0) return
    const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1)
    const index = Math.min(last, Math.max(0, from + step))
    plot.setCursor({ left: plot.valToPos(chart.x[index], 'x'), top: 0 })
    readout.textContent = benchPlot.spoken(chart, hidden, index)
  }
  for (const element of charts.keys()) {
    element.addEventListener('keydown', (event) => {
      const step = STEPS[event.key]
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return
      event.preventDefault()
      read(element, step)
    })
  }

  // Colours: the system's, unless the reader chose; remembered where the browser lets a file remember.
  const THEME = 'bench-theme'
  const remembered = () => {
    try {
      return localStorage.getItem(THEME) ?? ''
    } catch {
      return ''
    }
  }
  const remember = (theme) => {
    try {
      localStorage.setItem(THEME, theme)
    } catch {
      // It holds until the page is closed.
    }
  }
  const paint = (theme) => {
    if (theme === '') delete root.dataset.theme
    else root.dataset.theme = theme
    drawAll()
  }
  const themeForm = document.querySelector('form.theme')
  const known = themeForm.querySelector(`input[value="${CSS.escape(remembered())}"]`)
  if (known !== null) {
    known.checked = true
    if (known.value !== '') paint(known.value)
  }
  themeForm.addEventListener('change', ({ target }) => {
    remember(target.value)
    paint(target.value)
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)

  // Paper: light colours, its own width, nothing folded away.
  let folded = []
  addEventListener('beforeprint', () => {
    root.dataset.printing = ''
    folded = all('details:not([open])')
    for (const each of folded) each.open = true
    drawAll()
  })
  addEventListener('afterprint', () => {
    delete root.dataset.printing
    for (const each of folded) each.open = false
    drawAll()
  })

  // Files in the page are gzip; saved unpacked where the browser can.
  const bytesOf = (url) =>
    Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (char) => char.charCodeAt(0))
  const save = async (link) => {
    const packed = new Blob([bytesOf(link.href)]).stream()
    const file = await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).blob()
    const address = URL.createObjectURL(file)
    const anchor = document.createElement('a')
    anchor.href = address
    anchor.download = link.dataset.name
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  }
  if (typeof DecompressionStream === 'function') {
    for (const link of all('a.packed')) {
      link.addEventListener('click', (event) => {
        event.preventDefault()
        save(link)
      })
    }
  }
})()
