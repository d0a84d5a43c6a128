// Runs in the trend page, offline: draws the figures of one workload over all experiments from the numbers in #trend-data.
/* global uPlot, benchLines, benchPlot */
;(() => {
  const data = JSON.parse(document.getElementById('trend-data').textContent)
  if (data.groups.length === 0) return
  const HEIGHT = 250
  const MIN_WIDTH = 200
  const PAPER_WIDTH = 320
  const MAX_ROWS = 300
  const MAX_CHANGES = 40
  const PALETTE_SIZE = 6
  const DASHES = [[], [9, 4], [3, 3], [12, 3, 3, 3], [5, 2], [16, 5]]
  /** From this ratio between the largest and the smallest value on, the axis is logarithmic. */
  const LOG_FROM = 20
  // Bits of the numbers' `marks`.
  const NOT_RANKED = 1
  const NOT_HELD = 2
  const AT_LEAST = { publish: 4, endToEnd: 8 }

  const { ms: text, count } = benchLines
  const root = document.documentElement
  const dateText = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const pageOf = (experiment) => `${encodeURIComponent(experiment.id)}/index.html`
  const isRanked = (point, figure) => (point.marks & (figure === 'rate' ? NOT_HELD : NOT_RANKED)) === 0
  const least = (point, figure) => (point.marks & (AT_LEAST[figure] ?? 0) ? '≥ ' : '')

  /** A group as it is drawn: its experiments, oldest first, and what each side did in each of them, null where nothing. */
  const viewOf = (group) => {
    const used = [...new Set(group.series.flatMap(({ at }) => at))].sort((a, b) => a - b)
    const place = new Map(used.map((experiment, index) => [experiment, index]))
    const sides = group.series.map((series, index) => {
      const points = used.map(() => null)
      series.at.forEach((experiment, i) => {
        points[place.get(experiment)] = {
          version: data.texts[series.version[i]],
          client: data.texts[series.client[i]],
          marks: series.marks[i],
          publish: series.publish[i],
          endToEnd: series.endToEnd[i],
          cpu: series.cpu[i],
          rate: series.rate[i],
        }
      })
      return {
        label: series.label,
        color: `--s${index % PALETTE_SIZE}`,
        dash: DASHES[index % PALETTE_SIZE],
        points,
      }
    })
    const experiments = used
      .map((index) => data.experiments[index])
      .map((each) => ({ ...each, bench: data.texts[each.bench], host: data.texts[each.host] }))
    return { experiments, sides, changes: changesOf(experiments, sides) }
  }

  /** What changed from one experiment to the next, of versions and machines. */
  const changesOf = (experiments, sides) => {
    const changes = []
    const last = new Map()
    experiments.forEach((experiment, i) => {
      const what = []
      const compare = (name, value) => {
        if (value === '') return
        const older = last.get(name)
        last.set(name, value)
        if (older !== undefined && older !== value) what.push(`${name}: ${older} → ${value}`)
      }
      for (const { label, points } of sides) {
        compare(label, points[i]?.version ?? '')
        compare(`client of ${label}`, points[i]?.client ?? '')
      }
      compare('bench', experiment.bench)
      compare('machine', experiment.host)
      if (what.length > 0) changes.push({ experiment, what })
    })
    return changes.slice(-MAX_CHANGES)
  }

  const chartOf = ({ experiments, sides, changes }, figure) => {
    const show = figure === 'rate' ? count : text
    const lines = sides
      .map(({ label, color, dash, points }) => ({
        label,
        color,
        dash,
        width: 1.75,
        join: true,
        values: points.map((point) => point?.[figure] ?? null),
        held: points.map((point) => point !== null && isRanked(point, figure)),
        text: (value, i) => (value == null ? '–' : least(points[i], figure) + show(value)),
      }))
      .filter(({ values }) => values.some((value) => value !== null))
    return {
      x: experiments.map(({ startS }) => startS),
      lines,
      xKind: 'date',
      xText: (seconds) => {
        const { id, partial } = experiments.find(({ startS }) => startS === seconds)
        return `${dateText(seconds)}, ${id}${partial ? ' (partial)' : ''}`
      },
      yKind: figure === 'rate' ? 'rate' : 'latency',
      places: changes.map(({ experiment }) => experiment.startS),
    }
  }

  const scaleOf = ({ lines }) => {
    const values = lines.flatMap((line) => line.values).filter((value) => value > 0)
    return Math.max(...values) / Math.min(...values) >= LOG_FROM ? 'log' : 'linear'
  }

  const charts = new Map(
    [...document.querySelectorAll('.chart')].map((element) => [element, { hidden: new Set() }]),
  )
  const widthOf = (element) =>
    root.dataset.printing === undefined ? Math.max(MIN_WIDTH, element.clientWidth) : PAPER_WIDTH
  let view

  const draw = (element) => {
    const state = charts.get(element)
    const chart = chartOf(view, element.dataset.figure)
    state.plot?.destroy()
    state.plot = undefined
    element.parentElement.querySelector('.keys')?.remove()
    element.textContent = chart.lines.length === 0 ? 'Not known of any of these experiments.' : ''
    state.chart = chart
    if (chart.lines.length === 0) return
    const visible = { ...chart, lines: chart.lines.filter(({ label }) => !state.hidden.has(label)) }
    const keys = benchPlot.makeKeys(chart, state.hidden, (label) => {
      if (!state.hidden.delete(label)) state.hidden.add(label)
      draw(element)
    })
    element.after(keys.list)
    const size = { width: widthOf(element), height: HEIGHT }
    const plan = benchPlot.plan(visible, scaleOf(visible), { ...size, moved: keys.show })
    state.plot = new uPlot(plan.options, plan.data, element)
    state.plot.over.addEventListener('click', () => open(state))
  }
  const open = ({ plot }) => {
    const index = plot?.cursor.idx
    if (index != null) location.href = pageOf(view.experiments[index])
  }

  const listChanges = () => {
    document.getElementById('changes').hidden = view.changes.length === 0
    document.querySelector('.changes').replaceChildren(
      ...view.changes.map(({ experiment, what }) => {
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
    const link = document.createElement('a')
    link.href = pageOf(experiment)
    link.textContent = dateText(experiment.startS)
    const head = document.createElement('th')
    head.scope = 'row'
    head.append(link)
    const figure = (name, show) =>
      cell(least(point, name) + show(point[name]), isRanked(point, name) ? undefined : 'muted')
    row.append(
      head,
      cell(label, 'text'),
      cell(point.version || '–', 'text'),
      figure('publish', text),
      figure('endToEnd', text),
      figure('cpu', text),
      figure('rate', count),
    )
    return row
  }
  const listPoints = () => {
    const rows = []
    let points = 0
    for (const [i, experiment] of [...view.experiments.entries()].reverse()) {
      for (const side of view.sides) {
        if (side.points[i] === null) continue
        if (++points <= MAX_ROWS) rows.push(rowOf(experiment, side.label, side.points[i]))
      }
    }
    document.querySelector('#points tbody').replaceChildren(...rows)
    document.getElementById('points-left').textContent =
      points > MAX_ROWS ? `The newest ${MAX_ROWS} of ${points}; the others stand in experiments.json.` : ''
  }

  const form = document.querySelector('.filters')
  const drawAll = () => {
    for (const element of charts.keys()) draw(element)
  }
  const choose = () => {
    view = viewOf(data.groups[Number(form.elements.group.value)])
    drawAll()
    listChanges()
    listPoints()
  }
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', choose)
  choose()

  // Arrow keys read a chart value by value, aloud and in its keys; Enter opens the report.
  const readout = document.getElementById('readout')
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }
  for (const [element, state] of charts) {
    element.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || state.plot === undefined) return
      if (event.key === 'Enter') open(state)
      const step = STEPS[event.key]
      if (step === undefined) return
      event.preventDefault()
      const last = state.chart.x.length - 1
      const from = state.plot.cursor.idx ?? (step > 0 ? -1 : last + 1)
      const index = Math.min(last, Math.max(0, from + step))
      state.plot.setCursor({ left: state.plot.valToPos(state.chart.x[index], 'x'), top: 0 })
      readout.textContent = benchPlot.spoken(state.chart, state.hidden, index)
    })
  }

  const resized = new ResizeObserver((entries) => {
    if (root.dataset.printing !== undefined) return
    for (const { target } of entries) {
      const { plot } = charts.get(target)
      const width = widthOf(target)
      if (plot !== undefined && Math.abs(plot.width - width) > 1) plot.setSize({ width, height: HEIGHT })
    }
  })
  for (const element of charts.keys()) resized.observe(element)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  addEventListener('beforeprint', () => {
    root.dataset.printing = ''
    drawAll()
  })
  addEventListener('afterprint', () => {
    delete root.dataset.printing
    drawAll()
  })
})()
