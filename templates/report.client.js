// Runs in the page, offline: draws the charts from the numbers in #chart-data. Drawn anew when the colours change.
/* global uPlot */
;(() => {
  let data = JSON.parse(document.getElementById('chart-data').textContent)
  const HEIGHT = 230
  const X_AXIS_SIZE = 30
  const DASHES = [[], [9, 4], [4, 3], [12, 3, 3, 3], [2, 3], [14, 6]]
  const WHOLE_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200]
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

  const ms = (value) => {
    if (value == null) return '–'
    if (value >= 100) return number.format(value)
    return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
  }
  const tick = (value) => (value == null ? '' : value >= 1 ? number.format(value) : String(value))
  const count = (value) => (value == null ? '–' : number.format(value))
  const seconds = (value) => (value == null ? '–' : `${value.toFixed(0)} s`)
  const share = (nines) => {
    if (nines == null) return '–'
    const decimals = Number.isInteger(nines) ? Math.max(1, nines - 2) : Math.ceil(nines)
    return `${(100 * (1 - 10 ** -nines)).toFixed(decimals)} %`.replace('.0 %', ' %')
  }

  /** Whole decades around all values: a logarithmic axis needs them even when values lie close together. */
  const decades = (lines) => {
    let low = Number.POSITIVE_INFINITY
    let high = 0
    for (const line of lines) {
      for (const value of line) {
        if (value == null) continue
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
    }
    if (high === 0) return [0.1, 10]
    const from = 10 ** Math.floor(Math.log10(low))
    const to = 10 ** Math.ceil(Math.log10(high))
    return [from, to > from ? to : from * 10]
  }

  const axis = (extra) => ({
    stroke: color('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { stroke: color('--line'), width: 1, size: 4 },
    ...extra,
  })
  const powersOfTen = (_, __, low, high) => {
    const powers = []
    for (let exponent = Math.round(Math.log10(low)); 10 ** exponent <= high * 1.001; exponent++)
      powers.push(10 ** exponent)
    return powers
  }
  const latencyAxis = () =>
    axis({
      size: 56,
      splits: powersOfTen,
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map(tick),
    })
  const line = (label, stroke, extra) => ({ label, stroke, width: 1.75, points: { show: false }, ...extra })

  const percentileOptions = (chart) => {
    const last = chart.x.at(-1) ?? 3
    const splits = [0]
    for (let nines = 1; nines <= last; nines++) splits.push(nines)
    const range = decades(chart.sides.flatMap((side) => [side.ms, side.atLeastMs]))
    const series = [{ label: 'percentile', value: (_, nines) => share(nines) }]
    const lines = [chart.x]
    for (const side of chart.sides) {
      const index = data.colors[side.label]
      const stroke = color(`--s${index}`)
      lines.push(side.ms)
      series.push(
        line(side.label, stroke, {
          width: 2,
          dash: DASHES[index],
          spanGaps: true,
          value: (_, value) => ms(value),
        }),
      )
      if (side.atLeastMs.every((value) => value == null)) continue
      lines.push(side.atLeastMs)
      series.push(
        line(`${side.label} ≥`, stroke, {
          width: 2.5,
          dash: [2, 4],
          spanGaps: true,
          value: (_, value) => ms(value),
        }),
      )
    }
    return {
      lines,
      options: {
        scales: { x: { time: false }, y: { distr: 3, range } },
        series,
        axes: [
          axis({
            size: X_AXIS_SIZE,
            splits: () => splits,
            values: (_, all) => all.map(share),
            space: 1,
          }),
          latencyAxis(),
        ],
      },
    }
  }

  /** Greys what is not measured, behind the lines. */
  const shade = (chart) => ({
    hooks: {
      drawClear: [
        (plot) => {
          const { ctx, bbox } = plot
          const at = (value) =>
            Math.min(Math.max(plot.valToPos(value, 'x', true), bbox.left), bbox.left + bbox.width)
          ctx.save()
          ctx.fillStyle = color('--shade')
          const warm = at(chart.warmupEndS)
          const end = at(chart.measureEndS)
          ctx.fillRect(bbox.left, bbox.top, warm - bbox.left, bbox.height)
          ctx.fillRect(end, bbox.top, bbox.left + bbox.width - end, bbox.height)
          ctx.restore()
        },
      ],
    },
  })

  const timeSeries = { label: 'time', value: (_, value) => seconds(value) }
  const timeAxis = () =>
    axis({
      size: X_AXIS_SIZE,
      incrs: WHOLE_SECONDS,
      values: (_, splits) => splits.map((value) => `${value}`),
      space: 44,
    })

  const latencyOptions = (chart, name) => {
    const { p50, p99, max } = chart.latencies[name]
    const stroke = color(`--s${data.colors[chart.label]}`)
    // One range for all sides, so that two charts beside one another can be compared.
    const range = decades(data.times.flatMap((each) => Object.values(each.latencies[name])))
    const value = (_, figure) => ms(figure)
    return {
      lines: [chart.x, max, p99, p50],
      options: {
        plugins: [shade(chart)],
        scales: { x: { time: false }, y: { distr: 3, range } },
        series: [
          timeSeries,
          line('max', color('--soft'), { dash: [2, 3], width: 1.25, value }),
          line('p99', stroke, { width: 2, value }),
          line('p50', stroke, { dash: [7, 3], width: 1.25, value }),
        ],
        axes: [timeAxis(), latencyAxis()],
      },
    }
  }

  const rateOptions = (chart) => {
    const { scheduled, acknowledged, received } = chart.rates
    const stroke = color(`--s${data.colors[chart.label]}`)
    const top = Math.max(1, ...data.times.flatMap((each) => Object.values(each.rates).flat())) * 1.08
    const value = (_, figure) => count(figure)
    return {
      lines: [chart.x, scheduled, acknowledged, received],
      options: {
        plugins: [shade(chart)],
        scales: { x: { time: false }, y: { range: [0, top] } },
        series: [
          timeSeries,
          line('scheduled', color('--soft'), { dash: [2, 3], width: 1.5, value }),
          line('acknowledged', stroke, { width: 2, value }),
          line('received', stroke, { dash: [7, 3], width: 1.25, value }),
        ],
        axes: [timeAxis(), axis({ size: 56, values: (_, splits) => splits.map(count) })],
      },
    }
  }

  const build = ({ chart, index, latency }) => {
    if (chart === 'percentile') return percentileOptions(data.percentiles[index])
    if (chart === 'latency') return latencyOptions(data.times[index], latency)
    return rateOptions(data.times[index])
  }

  /** The line of a series as it is drawn, for the legend: colour and dashes. */
  const swatch = (plot, index) => {
    const { stroke, dash } = plot.series[index]
    const [on = 0, off = 0] = dash ?? []
    const ink = typeof stroke === 'function' ? stroke(plot, index) : stroke
    return on === 0
      ? ink
      : `repeating-linear-gradient(90deg, ${ink} 0 ${on}px, transparent ${on}px ${on + off}px)`
  }
  const legend = { markers: { width: 0, fill: swatch } }

  const plots = new Map()
  const draw = (element) => {
    plots.get(element)?.destroy()
    const { options, lines } = build(element.dataset)
    const width = Math.max(200, element.clientWidth)
    plots.set(
      element,
      new uPlot({ width, height: HEIGHT, cursor: { y: false }, legend, ...options }, lines, element),
    )
  }
  const drawAll = (root = document) => root.querySelectorAll('.chart').forEach(draw)
  drawAll()

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = plots.get(target)
      const width = Math.max(200, target.clientWidth)
      if (plot !== undefined && Math.abs(plot.width - width) > 1) plot.setSize({ width, height: HEIGHT })
    }
  })
  for (const element of plots.keys()) resized.observe(element)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll())
  // Paper is white: the dark colours hold on screens only.
  matchMedia('print').addEventListener('change', () => drawAll())

  /** For the live page, whose numbers grow: draws the charts below `root` anew. */
  globalThis.benchCharts = {
    draw(next, root) {
      data = next
      drawAll(root)
      for (const element of plots.keys()) resized.observe(element)
    },
  }
})()
