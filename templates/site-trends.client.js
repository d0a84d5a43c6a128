// Runs in the trend page, offline: draws the figures of one workload over all experiments from the numbers in #trend-data.
/* global benchLines, benchCharts */
;(() => {
  const data = JSON.parse(document.getElementById('trend-data').textContent)
  if (data.groups.length === 0) return
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

  const scaleOf = (lines) => {
    const values = lines.flatMap((line) => line.values).filter((value) => value > 0)
    return Math.max(...values) / Math.min(...values) >= LOG_FROM ? 'log' : 'linear'
  }

  /** Read by the script that draws: one figure of every side of the view. */
  benchLines.trend = ({ experiments, sides, changes }, _, { figure }) => {
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
        text: (_, i) => (points[i] === null ? '–' : least(points[i], figure) + show(points[i][figure])),
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
      scale: scaleOf(lines),
      places: changes.map(({ experiment }) => experiment.startS),
      opened: (index) => {
        location.href = pageOf(experiments[index])
      },
    }
  }

  const listChanges = (view) => {
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
  const listPoints = (view) => {
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

  /** A figure that no side of the view has is no empty chart. */
  const showKnown = ({ sides }) => {
    for (const { dataset, parentElement } of document.querySelectorAll('.chart')) {
      const isKnown = sides.some(({ points }) => points.some((point) => point?.[dataset.figure] != null))
      parentElement.hidden = !isKnown
    }
  }

  const form = document.querySelector('.filters')
  let view
  const drawAll = () => benchCharts.draw(view, document, { paper: root.dataset.printing !== undefined })
  const choose = () => {
    view = viewOf(data.groups[Number(form.elements.group.value)])
    showKnown(view)
    drawAll()
    listChanges(view)
    listPoints(view)
  }
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', choose)
  choose()

  // Paper: light colours, its own width.
  const darkRules = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText.includes('prefers-color-scheme'))
  const conditions = darkRules.map(({ media }) => media.mediaText)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  addEventListener('beforeprint', () => {
    root.dataset.printing = ''
    for (const { media } of darkRules) media.mediaText = 'not all'
    drawAll()
  })
  addEventListener('afterprint', () => {
    delete root.dataset.printing
    for (const [index, { media }] of darkRules.entries()) media.mediaText = conditions[index]
    drawAll()
  })
})()
