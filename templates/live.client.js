// Runs in the live page: turns the events of the run into what is shown; the charts are drawn by the report's script.
/* global benchCharts */
;(() => {
  const byId = (id) => document.getElementById(id)
  const facts = JSON.parse(byId('live-facts').textContent)
  const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
  const PALETTE_SIZE = 6
  const LATENCIES = [
    ['publish', 'Publish latency'],
    ['endToEnd', 'End-to-end latency'],
  ]

  const data = { percentiles: [], times: [], colors: {} }
  facts.sides.forEach((label, index) => {
    data.colors[label] = index % PALETTE_SIZE
  })
  /** Of each side: its chart over time and the section that it is drawn in, trials, verdicts. */
  let sides = new Map()
  let trial = null
  let ended = false

  const text = (element, value) => {
    if (element.textContent !== value) element.textContent = value
  }
  const make = (tag, className, value = '') => {
    const element = document.createElement(tag)
    element.className = className
    element.textContent = value
    return element
  }
  const ms = (us) => {
    const value = us / 1000
    return `${value >= 100 ? number.format(value) : value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)} ms`
  }
  const status = (value, tone = '') => {
    text(byId('status'), value)
    byId('status').className = `status ${tone}`
  }

  const emptyLines = (names) => Object.fromEntries(names.map((name) => [name, []]))
  const emptyTime = (label) => ({
    label,
    stepS: 1,
    warmupEndS: facts.warmupS,
    measureEndS: facts.warmupS + facts.durationS,
    x: [],
    latencies: {
      publish: emptyLines(['p50', 'p99', 'max']),
      endToEnd: emptyLines(['p50', 'p99', 'max']),
    },
    rates: emptyLines(['scheduled', 'acknowledged', 'received']),
  })

  const chartFigure = (caption, unit, dataset, label) => {
    const figure = make('figure', '')
    const title = make('figcaption', '', `${caption} `)
    title.append(make('small', '', unit))
    const chart = make('div', 'chart')
    Object.assign(chart.dataset, dataset)
    chart.setAttribute('role', 'img')
    chart.setAttribute('aria-label', label)
    figure.append(title, chart)
    return figure
  }

  const timeSection = (label, index) => {
    const section = make('div', 'side')
    const title = make('h3', `c${data.colors[label]}`)
    title.append(make('span', 'swatch'), label)
    section.append(title)
    for (const [latency, caption] of LATENCIES)
      section.append(
        chartFigure(
          caption,
          'ms',
          { chart: 'latency', latency, index },
          `${caption} of ${label} over time: median, 99th percentile and maximum of each second.`,
        ),
      )
    section.append(
      chartFigure(
        'Rate',
        'msg/s',
        { chart: 'rate', index },
        `Messages a second of ${label} over time: scheduled, acknowledged and received.`,
      ),
    )
    byId('time-charts').append(section)
    return section
  }

  const sideRow = (label) => {
    const row = make('tr', '')
    const title = make('th', `c${data.colors[label]}`)
    title.scope = 'row'
    title.append(make('span', 'swatch'), label)
    const trials = make('td', '')
    const verdicts = make('td', 'text')
    row.append(title, trials, verdicts)
    byId('sides').append(row)
    return { trials, verdicts }
  }

  const reset = () => {
    data.times = []
    data.percentiles = []
    byId('time-charts').replaceChildren()
    byId('sides').replaceChildren()
    sides = new Map(
      facts.sides.map((label) => [
        label,
        { time: null, section: null, row: sideRow(label), begun: 0, verdicts: [] },
      ]),
    )
    for (const label of sides.keys()) showRow(label)
  }

  const showRow = (label) => {
    const { row, begun, verdicts } = sides.get(label)
    text(row.trials, `${begun} of ${facts.trialsPerSide}`)
    text(row.verdicts, verdicts.join('; ') || '–')
  }

  const showFigures = (second) => {
    const rows = [
      ['scheduled', `${number.format(second.scheduledHz)} msg/s`],
      ['acknowledged', `${number.format(second.acknowledgedHz)} msg/s`],
      ['received', `${number.format(second.receivedHz)} msg/s`],
      ['backlog', `${number.format(second.backlog)} messages`],
      ...LATENCIES.map(([name, caption]) => {
        const latency = second[name]
        return [
          `${caption} p50 · p99 · max`,
          latency === null ? '–' : [latency.p50Us, latency.p99Us, latency.maxUs].map(ms).join(' · '),
        ]
      }),
      ['failed', number.format(second.failed)],
    ]
    byId('figures').replaceChildren(
      ...rows.map(([name, value]) => {
        const row = make('div', '')
        row.append(make('dt', '', name), make('dd', '', value))
        return row
      }),
    )
    byId('errors').replaceChildren(
      ...Object.entries(second.errors).map(([kind, count]) =>
        make('li', '', `${kind}: ${number.format(count)}`),
      ),
    )
  }

  const linesOf = ({ latencies, rates }) =>
    [latencies.publish, latencies.endToEnd, rates].flatMap((lines) => Object.values(lines))

  const addSecond = (second) => {
    const side = sides.get(second.side)
    if (side === undefined || side.time === null) return
    const { time } = side
    for (const line of [time.x, ...linesOf(time)]) line.pop()
    time.x.push((second.startS + second.elapsedS) / 2)
    for (const [name] of LATENCIES) {
      const latency = second[name]
      for (const key of ['p50', 'p99', 'max'])
        time.latencies[name][key].push(latency === null ? null : Math.max(1, latency[`${key}Us`]) / 1000)
    }
    time.rates.scheduled.push(second.scheduledHz)
    time.rates.acknowledged.push(second.acknowledgedHz)
    time.rates.received.push(second.receivedHz)
    addEnd(time, second.elapsedS)
  }

  /** The last point has no values: it keeps the axis as long as the trial will be, so that lines grow along it. */
  const addEnd = (time, elapsedS) => {
    time.x.push(Math.max(elapsedS, time.measureEndS))
    for (const line of linesOf(time)) line.push(null)
  }

  const beginTrial = (event) => {
    trial = event
    const side = sides.get(event.side)
    if (side === undefined) return
    side.begun = event.number
    const index = side.time === null ? data.times.length : data.times.indexOf(side.time)
    side.time = emptyTime(event.side)
    addEnd(side.time, 0)
    data.times[index] = side.time
    side.section ??= timeSection(event.side, index)
    showRow(event.side)
  }

  const where = (step, detail) => {
    if (trial === null) return
    const place = trial.places > 1 ? ` (${trial.place + 1} of ${trial.places} in all)` : ''
    const rate = facts.ratesHz.length > 1 ? ` at ${number.format(trial.rateHz)} msg/s` : ''
    const parts = [`${trial.side}: trial ${trial.number} of ${trial.of}${rate}${place}`, step, detail]
    text(byId('where'), parts.filter(Boolean).join(' · '))
  }

  const addVerdict = (label, verdict) => {
    sides.get(label)?.verdicts.push(verdict)
    if (sides.has(label)) showRow(label)
  }

  const end = (event) => {
    ended = true
    source.close()
    status(`The run has ended. ${event.sentence}`, event.tone)
    text(byId('where'), event.report === null ? 'No report was written.' : `Report: ${event.report}`)
    byId('progress').value = 1
    redraw(document)
  }

  /** What has come in one burst (the history, for who comes late) is drawn once. */
  let waiting = new Set()
  const redraw = (root) => {
    if (waiting.size === 0) setTimeout(drawWaiting)
    waiting.add(root)
  }
  const drawWaiting = () => {
    const roots = waiting.has(document) ? [document] : [...waiting]
    waiting = new Set()
    if (document.hidden) return
    for (const root of roots) benchCharts.draw(data, root)
  }
  document.addEventListener('visibilitychange', () => redraw(document))

  /** The finished trials, whole: asked for after each, one question at a time. */
  let asked = 0
  const askCharts = async () => {
    if (asked++ > 0) return
    let answered = 0
    while (answered < asked) {
      answered = asked
      try {
        const charts = await (await fetch('charts.json')).json()
        if (charts !== null) showPercentiles(charts)
      } catch {
        // The run may have ended meanwhile: the report has them.
      }
    }
    asked = 0
  }
  const showPercentiles = ({ percentiles, colors }) => {
    data.percentiles = percentiles
    Object.assign(data.colors, colors)
    const holder = byId('percentile-charts')
    if (holder.childElementCount === 0) {
      percentiles.forEach(({ title }, index) => {
        const label = `${title} by percentile, in milliseconds, of the trials that are over.`
        holder.append(chartFigure(title, 'ms', { chart: 'percentile', index }, label))
      })
    }
    byId('percentiles').hidden = false
    redraw(document)
  }

  const handlers = {
    hello: (event) => {
      Object.assign(facts, event.facts)
      text(byId('experiment'), facts.id)
      status('live')
      const { forgottenSeconds } = event
      text(byId('forgotten'), forgottenSeconds > 0 ? ` The first ${forgottenSeconds} s are left out.` : '')
      if (!event.resumed) reset()
    },
    trial: (event) => {
      beginTrial(event)
      where('begins', '')
      redraw(document)
    },
    step: (event) => where(event.step, event.detail),
    second: (event) => {
      addSecond(event)
      showFigures(event)
      where(event.phase === 'warmup' ? 'warm-up' : event.phase, `${Math.round(event.elapsedS)} s`)
      byId('progress').value = Math.min(1, event.elapsedS / event.totalS)
      const section = sides.get(event.side)?.section
      if (section != null) redraw(section)
    },
    'side-done': (event) => {
      addVerdict(event.side, `${event.measurement}, ${event.integrity}`)
      void askCharts()
    },
    'side-failed': (event) => addVerdict(event.side, `failed: ${event.message}`),
    ended: end,
  }

  text(
    byId('summary'),
    `${facts.ratesHz.map(number.format).join(', ')} msg/s of ${number.format(facts.messageBytes)} bytes · warm-up ${facts.warmupS} s, measured ${facts.durationS} s`,
  )
  reset()
  const source = new EventSource('events')
  for (const [name, handle] of Object.entries(handlers))
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)))
  source.addEventListener('error', () => {
    if (!ended) status('The connection is lost: bench has ended, or will answer again.', 'bad')
  })
})()
