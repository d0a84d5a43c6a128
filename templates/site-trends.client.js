// Runs in the trend page, offline: draws the figures of one workload over all experiments from the numbers in #trend-data.
/* global uPlot */
;(() => {
  const data = JSON.parse(document.getElementById('trend-data').textContent)
  if (data.groups.length === 0) return
  const HEIGHT = 260
  const MAX_ROWS = 300
  const MAX_MARKS = 40
  /** From this ratio between the largest and the smallest value on, the axis is logarithmic. */
  const LOG_FROM = 30
  const PALETTE_SIZE = 6
  const DASHES = [[], [9, 4], [4, 3], [12, 3, 3, 3], [2, 3], [14, 6]]
  const NOT_RANKED = 1
  const NOT_HELD = 2
  const AT_LEAST = { publish: 4, endToEnd: 8 }

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
  const text = (value) => {
    if (value == null) return '–'
    if (value >= 100) return whole.format(value)
    return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
  }
  const dateText = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const pageOf = (experiment) => `${encodeURIComponent(experiment.id)}/index.html`

  /** What is drawn of a group: experiments on the x axis, each side's values by experiment. */
  const prepared = (group) => {
    const used = [...new Set(group.series.flatMap(({ at }) => at))].sort((a, b) => a - b)
    const place = new Map(used.map((experiment, index) => [experiment, index]))
    const sides = group.series.map((series, index) => {
      const points = used.map(() => null)
      series.at.forEach((experiment, i) => {
        points[place.get(experiment)] = {
          version: data.texts[series.version[i]],
          marks: series.marks[i],
          publish: series.publish[i],
          endToEnd: series.endToEnd[i],
          cpu: series.cpu[i],
          rate: series.rate[i],
        }
      })
      return { label: series.label, index: index % PALETTE_SIZE, points }
    })
    const experiments = used
      .map((index) => data.experiments[index])
      .map((each) => ({ ...each, bench: data.texts[each.bench], host: data.texts[each.host] }))
    return { experiments, x: experiments.map(({ startS }) => startS), sides }
  }

  /** What changed from one experiment to the next, of versions and machines. */
  const changesOf = ({ experiments, sides }) => {
    const changes = []
    const last = new Map()
    experiments.forEach((experiment, i) => {
      const what = []
      const before = experiments[i - 1]
      if (before !== undefined && before.bench !== experiment.bench)
        what.push(`bench ${before.bench} → ${experiment.bench}`)
      if (before !== undefined && before.host !== experiment.host)
        what.push(`machine: ${before.host} → ${experiment.host}`)
      for (const { label, points } of sides) {
        const version = points[i]?.version ?? ''
        if (version === '') continue
        const older = last.get(label)
        last.set(label, version)
        if (older !== undefined && older !== version) what.push(`${label}: ${older} → ${version}`)
      }
      if (what.length > 0) changes.push({ at: i, experiment, what })
    })
    return changes.slice(-MAX_MARKS)
  }

  const isRanked = (point, figure) => (point.marks & (figure === 'rate' ? NOT_HELD : NOT_RANKED)) === 0

  const axis = (extra) => ({
    stroke: color('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { stroke: color('--line'), width: 1, size: 4 },
    ...extra,
  })

  /** Numbered lines where something changed. */
  const marksOf = (view, changes) => ({
    hooks: {
      drawAxes: [
        (plot) => {
          const { ctx, bbox } = plot
          const ratio = devicePixelRatio
          ctx.save()
          ctx.strokeStyle = color('--soft')
          ctx.fillStyle = color('--soft')
          ctx.font = `${10 * ratio}px system-ui, sans-serif`
          ctx.textAlign = 'center'
          ctx.setLineDash([3 * ratio, 3 * ratio])
          let last = Number.NEGATIVE_INFINITY
          changes.forEach(({ at }, i) => {
            const x = plot.valToPos(view.x[at], 'x', true)
            if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return
            ctx.beginPath()
            ctx.moveTo(x, bbox.top)
            ctx.lineTo(x, bbox.top + bbox.height)
            ctx.stroke()
            if (x - last < 14 * ratio) return
            last = x
            ctx.fillText(String(i + 1), x, bbox.top - 4 * ratio)
          })
          ctx.restore()
        },
      ],
    },
  })

  /** Linear from 0, or whole decades where values lie far apart. */
  const scaleOf = (lines) => {
    const values = lines.flat().filter((value) => value != null && value > 0)
    const high = Math.max(...values)
    const low = Math.min(...values)
    if (high / low < LOG_FROM) return { range: (_, __, max) => [0, Math.max(max ?? high, low) * 1.12] }
    return { distr: 3, range: [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))] }
  }

  const xRange = (x) => {
    const spread = Math.max(60, x.at(-1) - x[0])
    return [x[0] - spread * 0.04, x.at(-1) + spread * 0.04]
  }

  const chartOf = (view, figure, changes) => {
    const series = [
      {
        label: 'experiment',
        value: (_, seconds, __, i) => {
          if (seconds == null || i == null) return '–'
          return `${dateText(seconds)} · ${view.experiments[i].id}${view.experiments[i].partial ? ' (partial)' : ''}`
        },
      },
    ]
    const lines = [view.x]
    for (const side of view.sides) {
      const stroke = color(`--s${side.index}`)
      const value = (_, number, __, i) => {
        if (number == null || i == null) return '–'
        return `${side.points[i].marks & (AT_LEAST[figure] ?? 0) ? '≥ ' : ''}${text(number)}`
      }
      const valuesOf = (ranked) =>
        side.points.map((point) =>
          point === null || isRanked(point, figure) !== ranked ? null : point[figure],
        )
      const add = (label, values, extra) => {
        if (values.every((number) => number == null)) return
        lines.push(values)
        series.push({ label, stroke, value, ...extra })
      }
      add(side.label, valuesOf(true), {
        width: 1.75,
        dash: DASHES[side.index],
        spanGaps: true,
        points: { show: true, size: 7, stroke, fill: stroke },
      })
      add(`${side.label}, not ranked`, valuesOf(false), {
        width: 0,
        spanGaps: false,
        paths: () => null,
        points: { show: true, size: 8, width: 1.75, stroke, fill: color('--paper') },
      })
    }
    if (lines.length === 1) return null
    return {
      lines,
      options: {
        plugins: [marksOf(view, changes)],
        padding: [16, 12, 0, 0],
        scales: {
          x: {
            time: true,
            range: (_, min, max) =>
              min === view.x[0] && max === view.x.at(-1) ? xRange(view.x) : [min, max],
          },
          y: scaleOf(lines.slice(1)),
        },
        series,
        axes: [
          axis({
            size: 34,
            space: 70,
            values: (_, splits, __, ___, step) =>
              splits.map((value) =>
                step >= 86_400 ? dateText(value).slice(0, 10) : dateText(value).slice(5),
              ),
          }),
          axis({
            size: 58,
            values: (_, splits) =>
              splits.map((value) =>
                value == null
                  ? ''
                  : value >= 1
                    ? whole.format(value) === '0'
                      ? text(value)
                      : value < 10 && value % 1 !== 0
                        ? value.toFixed(1)
                        : whole.format(value)
                    : String(Number(value.toPrecision(3))),
              ),
          }),
        ],
      },
    }
  }

  const plots = new Map()
  const openAt = (plot, view) => {
    let from = null
    plot.over.addEventListener('mousedown', (event) => {
      from = [event.clientX, event.clientY]
    })
    plot.over.addEventListener('click', (event) => {
      // The end of a drag that zooms is no click.
      if (from !== null && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 4) return
      const { idx } = plot.cursor
      if (idx != null) location.href = pageOf(view.experiments[idx])
    })
  }
  const draw = (element, view, changes) => {
    plots.get(element)?.destroy()
    plots.delete(element)
    element.replaceChildren()
    const chart = chartOf(view, element.dataset.figure, changes)
    if (chart === null) {
      const note = document.createElement('p')
      note.className = 'absent'
      note.textContent = 'Not known of any of these experiments.'
      element.append(note)
      return
    }
    const width = Math.max(200, element.clientWidth)
    const plot = new uPlot(
      { width, height: HEIGHT, cursor: { y: false }, legend: { live: true }, ...chart.options },
      chart.lines,
      element,
    )
    plots.set(element, plot)
    openAt(plot, view)
  }

  const listChanges = (changes) => {
    const section = document.getElementById('changes')
    section.hidden = changes.length === 0
    section.querySelector('ol').replaceChildren(
      ...changes.map(({ experiment, what }) => {
        const item = document.createElement('li')
        item.textContent = `${dateText(experiment.startS)}: ${what.join('; ')}`
        return item
      }),
    )
  }

  const cell = (content, className) => {
    const element = document.createElement('td')
    if (className !== undefined) element.className = className
    element.append(content)
    return element
  }
  const rowOf = (experiment, label, point) => {
    const row = document.createElement('tr')
    const head = document.createElement('th')
    head.scope = 'row'
    const link = document.createElement('a')
    link.href = pageOf(experiment)
    link.textContent = dateText(experiment.startS)
    head.append(link)
    const doubt = isRanked(point, 'publish') ? undefined : 'muted'
    const least = (figure) => (point.marks & AT_LEAST[figure] ? '≥ ' : '')
    row.append(
      head,
      cell(label, 'text'),
      cell(point.version || '–', 'text'),
      cell(`${least('publish')}${text(point.publish)}`, doubt),
      cell(`${least('endToEnd')}${text(point.endToEnd)}`, doubt),
      cell(text(point.cpu), doubt),
      cell(
        point.rate == null ? '–' : whole.format(point.rate),
        isRanked(point, 'rate') ? undefined : 'muted',
      ),
    )
    return row
  }
  const listPoints = ({ experiments, sides }) => {
    const rows = []
    let count = 0
    for (let i = experiments.length - 1; i >= 0; i--) {
      for (const { label, points } of sides) {
        if (points[i] === null) continue
        if (++count <= MAX_ROWS) rows.push(rowOf(experiments[i], label, points[i]))
      }
    }
    document.querySelector('#points tbody').replaceChildren(...rows)
    document.getElementById('points-left').textContent =
      count > MAX_ROWS ? `The newest ${MAX_ROWS} of ${count}; the others stand in experiments.json.` : ''
  }

  const form = document.querySelector('.filters')
  const elements = [...document.querySelectorAll('.chart')]
  const drawAll = () => {
    const view = prepared(data.groups[Number(form.elements.group.value)])
    const changes = changesOf(view)
    for (const element of elements) draw(element, view, changes)
    listChanges(changes)
    listPoints(view)
  }
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', drawAll)
  drawAll()

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = plots.get(target)
      const width = Math.max(200, target.clientWidth)
      if (plot !== undefined && Math.abs(plot.width - width) > 1) plot.setSize({ width, height: HEIGHT })
    }
  })
  for (const element of elements) resized.observe(element)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  // Paper is white: the dark colours hold on screens only.
  matchMedia('print').addEventListener('change', drawAll)
})()
