// Runs in a page, offline: a chart's lines as options of uPlot, and its keys (buttons that hide a line).
/* global uPlot, benchLines */
;(() => {
  const { share, count } = benchLines
  const X_AXIS_SIZE = 30
  const Y_AXIS_SIZE = 56
  const LABEL_WIDTH = 48
  /** Opacity of what stands behind the lines that matter. */
  const FAINT = 0.7
  const WHOLE_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200]

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  /** The palette is written as `#rrggbb`. */
  const faded = (name, alpha) =>
    `${color(name)}${Math.round(alpha * 255)
      .toString(16)
      .padStart(2, '0')}`

  const tick = (value) =>
    value == null ? '' : value >= 1 ? count(value) : String(Number(value.toPrecision(1)))

  /** The next 1, 2 or 5 below (`-1`) or above (`1`) a value. */
  const nice = (value, direction) => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9)
    const steps = [1, 2, 5, 10].map((step) => step * power)
    return direction > 0
      ? steps.find((step) => step >= value * 0.9999)
      : steps.findLast((step) => step <= value * 1.0001)
  }

  /** The smallest and the largest of all values, bands too. */
  const extent = (lines) => {
    let low = Number.POSITIVE_INFINITY
    let high = 0
    for (const { values, low: lower = [], high: upper = [] } of lines) {
      for (const value of [...values, ...lower, ...upper]) {
        if (value == null) continue
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
    }
    return high === 0 ? [0.1, 10] : [low, high]
  }

  const logRange = (lines) => {
    const [low, high] = extent(lines)
    const from = nice(low, -1)
    const to = nice(high, 1)
    return to > from ? [from, to] : [from, from * 10]
  }

  /** 1, 2, 5 of each decade where there is room, else whole decades. */
  const logSplits = (low, high) => {
    const steps = high / low > 2_000 ? [1] : [1, 2, 5]
    const splits = []
    for (let power = 10 ** Math.floor(Math.log10(low) + 1e-9); power <= high; power *= 10) {
      for (const step of steps) {
        const value = Number((step * power).toPrecision(1))
        if (value >= low * 0.9999 && value <= high * 1.0001) splits.push(value)
      }
    }
    return splits
  }

  const axis = (extra) => ({
    stroke: color('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { stroke: color('--line'), width: 1, size: 4 },
    ...extra,
  })

  /** Of seconds since 1970, UTC: the day, or the time where steps are shorter. */
  const dateText = (value, step) => {
    const text = new Date(value * 1000).toISOString()
    return step >= 86_400 ? text.slice(0, 10) : text.slice(5, 16).replace('T', ' ')
  }

  /** Labels where there is room for them; `places` rise. */
  const spaced = (places, text, [from, to], width) => {
    const pixels = (width - Y_AXIS_SIZE) / Math.max(1e-9, to - from)
    let free = Number.NEGATIVE_INFINITY
    return places.map((place) => {
      if ((place - from) * pixels < free) return ''
      free = (place - from) * pixels + LABEL_WIDTH
      return text(place)
    })
  }

  const xRange = ({ xKind, x, bands }) => {
    if (xKind === 'time') return [0, Math.max(1, x.at(-1) ?? 1, ...bands.map(({ toS }) => toS))]
    if (xKind === 'share') return [0, Math.max(1, x.at(-1) ?? 3)]
    const span = x.at(-1) - x[0]
    // A single date stands in the middle of its day.
    const margin = xKind !== 'date' ? span * 0.06 : span === 0 ? 43_200 : Math.max(60, span * 0.04)
    return [x[0] - margin, x.at(-1) + margin]
  }
  const xAxis = (chart, width) => {
    if (chart.xKind === 'time') {
      return { incrs: WHOLE_SECONDS, values: (_, splits) => splits.map((value) => `${value} s`), space: 48 }
    }
    if (chart.xKind === 'date') {
      return { values: (_, splits, __, ___, step) => splits.map((value) => dateText(value, step)), space: 80 }
    }
    const range = xRange(chart)
    const places = chart.xKind === 'load' ? chart.x : [Math.log10(2)]
    const text = chart.xKind === 'load' ? count : (nines) => (nines < 1 ? '50 %' : share(nines))
    if (chart.xKind === 'share') for (let nines = 1; nines <= range[1]; nines++) places.push(nines)
    const labels = spaced(places, text, range, width)
    return { splits: () => places, values: () => labels, space: 1 }
  }

  const yScale = ({ yKind, lines }, scale) => {
    if (yKind === 'latency' && scale === 'log') return { distr: 3, range: logRange(lines) }
    return { range: [0, extent(lines)[1] * 1.06] }
  }
  const yAxis = ({ yKind }, scale) => {
    if (yKind !== 'latency') return axis({ size: Y_AXIS_SIZE, values: (_, splits) => splits.map(count) })
    const values = (_, splits) => splits.map(tick)
    if (scale !== 'log')
      return axis({
        size: Y_AXIS_SIZE,
        values: (_, splits) => splits.map((value) => `${Number(value.toPrecision(6))}`),
      })
    const splits = (_, __, low, high) => logSplits(low, high)
    return axis({ size: Y_AXIS_SIZE, splits, filter: (_, all) => all, values })
  }

  /** Shades stretches of time behind the lines, and names them above. */
  const shade = (bands) => (plot) => {
    const { ctx, bbox } = plot
    const ratio = uPlot.pxRatio
    const right = bbox.left + bbox.width
    const at = (value) => Math.min(Math.max(plot.valToPos(value, 'x', true), bbox.left), right)
    ctx.save()
    ctx.font = `${10 * ratio}px system-ui, sans-serif`
    for (const { fromS, toS, label, fault } of bands) {
      const [from, to] = [at(fromS), at(toS)]
      ctx.fillStyle = color(fault ? '--fault' : '--shade')
      // However short it was, a fault is seen.
      ctx.fillRect(from, bbox.top, fault ? Math.max(2 * ratio, to - from) : to - from, bbox.height)
      if (ctx.measureText(label).width > right - from) continue
      ctx.fillStyle = color('--soft')
      ctx.fillText(label, from, bbox.top - 4 * ratio)
    }
    ctx.restore()
  }

  /** Numbered lines at places where something changed. */
  const numbered = (places) => (plot) => {
    const { ctx, bbox } = plot
    const ratio = uPlot.pxRatio
    let last = Number.NEGATIVE_INFINITY
    ctx.save()
    ctx.strokeStyle = color('--soft')
    ctx.fillStyle = color('--soft')
    ctx.font = `${10 * ratio}px system-ui, sans-serif`
    ctx.setLineDash([2 * ratio, 3 * ratio])
    places.forEach((place, i) => {
      const x = Math.round(plot.valToPos(place, 'x', true))
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      if (x - last < 16 * ratio) return
      last = x
      ctx.fillText(String(i + 1), x + 3 * ratio, bbox.top + 10 * ratio)
    })
    ctx.restore()
  }

  /** A ring around what was not held. */
  const hollow = (lines) => (plot) => {
    const { ctx } = plot
    const radius = 4 * uPlot.pxRatio
    ctx.save()
    ctx.lineWidth = 1.5 * uPlot.pxRatio
    ctx.setLineDash([])
    for (const line of lines) {
      line.values.forEach((value, i) => {
        if (value == null) return
        ctx.beginPath()
        ctx.arc(plot.valToPos(plot.data[0][i], 'x', true), plot.valToPos(value, 'y', true), radius, 0, 7)
        ctx.fillStyle = line.held[i] === true ? color(line.color) : color('--paper')
        ctx.strokeStyle = color(line.color)
        ctx.fill()
        ctx.stroke()
      })
    }
    ctx.restore()
  }

  /** uPlot's options and data for the lines that are not hidden. */
  const plan = (chart, scale, { width, height, moved }) => {
    const series = [{}]
    const data = [chart.x]
    const bands = []
    for (const line of chart.lines) {
      const stroke = line.faint ? faded(line.color, FAINT) : color(line.color)
      const common = { spanGaps: line.join === true, points: { show: false } }
      if (line.high !== undefined) {
        bands.push({ series: [series.length, series.length + 1], fill: faded(line.color, 0.16) })
        series.push({ ...common, width: 0 }, { ...common, width: 0 })
        data.push(line.high, line.low)
      }
      series.push({ ...common, label: line.label, stroke, width: line.width, dash: line.dash })
      data.push(line.values)
    }
    const marked = chart.lines.filter(({ held }) => held !== undefined)
    const options = {
      width,
      height,
      series,
      bands,
      // Half of a date may stand beyond the last line of the grid.
      padding: chart.xKind === 'date' ? [null, 32, null, null] : undefined,
      scales: { x: { time: chart.xKind === 'date', range: xRange(chart) }, y: yScale(chart, scale) },
      axes: [axis({ size: X_AXIS_SIZE, ...xAxis(chart, width) }), yAxis(chart, scale)],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { show: false },
        ...(chart.sync ? { sync: { key: 'time' } } : {}),
      },
      legend: { show: false },
      hooks: {
        drawClear: [
          ...(chart.bands === undefined ? [] : [shade(chart.bands)]),
          ...(chart.places === undefined ? [] : [numbered(chart.places)]),
        ],
        draw: marked.length === 0 ? [] : [hollow(marked)],
        setCursor: [(plot) => moved(plot.cursor.idx ?? null)],
      },
    }
    return { options, data }
  }

  /** The line as it is drawn, for its key: colour, dashes and width. */
  const sample = ({ color: name, dash, width, faint }) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    const path = svg.appendChild(document.createElementNS(svg.namespaceURI, 'path'))
    svg.setAttribute('viewBox', '0 0 26 8')
    svg.setAttribute('aria-hidden', 'true')
    path.setAttribute('d', 'M0 4H26')
    path.setAttribute('stroke', `var(${name})`)
    path.setAttribute('stroke-width', width)
    path.setAttribute('stroke-dasharray', dash.join(' '))
    if (faint) path.setAttribute('stroke-opacity', String(FAINT))
    return svg
  }

  /** Where a line's value at a place stands: there, or before it where values hold on; null where it has none. */
  const placeOf = ({ values, holds }, index) => {
    if (values[index] != null) return index
    if (!holds || values.slice(index).every((value) => value == null)) return null
    const before = values.slice(0, index).findLastIndex((value) => value != null)
    return before < 0 ? null : before
  }
  /** What a line says at a place. */
  const told = (line, index) => {
    const place = placeOf(line, index)
    return place === null ? '–' : line.text(line.values[place], place)
  }

  /** A button for each line, with the value at the cursor. */
  const makeKeys = (chart, hidden, toggled) => {
    const list = document.createElement('ul')
    list.className = 'keys'
    const where = list.appendChild(document.createElement('li'))
    where.className = 'where'
    const values = chart.lines.map((line) => {
      const button = list
        .appendChild(document.createElement('li'))
        .appendChild(document.createElement('button'))
      button.type = 'button'
      button.setAttribute('aria-pressed', String(!hidden.has(line.label)))
      button.append(sample(line), line.label)
      button.addEventListener('click', () => toggled(line.label))
      const value = button.appendChild(document.createElement('span'))
      value.className = 'value'
      return value
    })
    const show = (index) => {
      where.textContent = index === null ? '' : chart.xText(chart.x[index])
      chart.lines.forEach((line, i) => {
        const unknown = index === null || hidden.has(line.label)
        values[i].textContent = unknown ? '' : told(line, index)
      })
    }
    return { list, show }
  }

  /** What a screen reader says of a place in a chart. */
  const spoken = (chart, hidden, index) => {
    const seen = chart.lines.filter(({ label }) => !hidden.has(label))
    const values = seen.map((line) => `${line.label} ${told(line, index)}`)
    return `${chart.xText(chart.x[index])}: ${values.join(', ')}`
  }

  globalThis.benchPlot = { plan, makeKeys, spoken }
})()
