// Runs in a page, offline: draws every `.chart` below an element, again when data, choices, colours or widths change.
/* global uPlot, benchLines, benchPlot */
;(() => {
  const HEIGHTS = { percentile: 270, latency: 190, rate: 150, curve: 270, trend: 230 }
  const MIN_WIDTH = 200
  // A4 and Letter have room for this between the margins of the style sheet.
  const PAPER_WIDTH = 660
  const PAPER_GAP = 20
  /** What is drawn where nobody chooses. */
  const DEFAULTS = { load: 0, trial: null, quantile: 'p99', scale: 'log', hidden: new Set(), paper: false }

  const states = new Map()
  let [data, choices] = [null, DEFAULTS]

  const widthOf = (element) => {
    if (!choices.paper) return Math.max(MIN_WIDTH, element.clientWidth)
    return element.closest('.one') === null ? (PAPER_WIDTH - PAPER_GAP) / 2 : PAPER_WIDTH
  }

  const drawOne = (element) => {
    const state = states.get(element)
    const chart = benchLines[element.dataset.chart](data, choices, element.dataset)
    const { hidden } = state
    const keys = benchPlot.makeKeys(chart, hidden, (label) => {
      if (!hidden.delete(label)) hidden.add(label)
      drawOne(element)
    })
    const focused = [...(state.keys?.querySelectorAll('button') ?? [])].indexOf(document.activeElement)
    state.plot?.destroy()
    state.keys?.remove()
    element.after(keys.list)
    if (focused >= 0) keys.list.querySelectorAll('button')[focused]?.focus()
    const visible = { ...chart, lines: chart.lines.filter(({ label }) => !hidden.has(label)) }
    const size = { width: widthOf(element), height: HEIGHTS[element.dataset.chart] }
    const plan = benchPlot.plan(visible, chart.scale ?? choices.scale, { ...size, moved: keys.show })
    const plot = new uPlot(plan.options, plan.data, element)
    plot.over.addEventListener('click', () => open(chart, plot))
    Object.assign(state, { chart, plot, keys: keys.list })
  }

  /** Where a chart's values lead somewhere: to the one at the cursor. */
  const open = (chart, plot) => {
    const { idx } = plot.cursor
    if (chart.opened !== undefined && idx != null) chart.opened(idx)
  }

  const resized = new ResizeObserver((entries) => {
    if (choices.paper) return
    for (const { target } of entries) {
      if (Math.abs(states.get(target).plot.width - widthOf(target)) > 1) drawOne(target)
    }
  })

  // Arrow keys read a chart value by value, in its keys and, where the page has `#readout`, aloud.
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 }
  const read = (element, step) => {
    const { plot, chart, hidden } = states.get(element)
    const last = chart.x.length - 1
    if (last < 0) return
    const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1)
    const index = Math.min(last, Math.max(0, from + step))
    plot.setCursor({ left: plot.valToPos(chart.x[index], 'x'), top: 0 })
    const readout = document.getElementById('readout')
    if (readout !== null) readout.textContent = benchPlot.spoken(chart, hidden, index)
  }
  const watch = (element) => {
    states.set(element, { hidden: new Set() })
    resized.observe(element)
    element.addEventListener('keydown', (event) => {
      const { chart, plot } = states.get(element)
      if (event.key === 'Enter') open(chart, plot)
      const step = STEPS[event.key]
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return
      event.preventDefault()
      read(element, step)
    })
  }
  const forget = (element) => {
    resized.unobserve(element)
    states.get(element).plot.destroy()
    states.delete(element)
  }

  globalThis.benchCharts = {
    /** Draws all charts below `root`: `next` has the form of the report's chart data, `chosen` overrides the defaults. */
    draw(next, root = document, chosen = {}) {
      data = next
      choices = { ...DEFAULTS, ...chosen }
      for (const element of states.keys()) if (!element.isConnected) forget(element)
      for (const element of root.querySelectorAll('.chart')) {
        if (!states.has(element)) watch(element)
        drawOne(element)
      }
    },
  }
})()
