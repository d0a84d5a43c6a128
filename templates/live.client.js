// Runs in the live page: turns the events of a run into what is shown; the charts are drawn by the script of all pages.
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

  /** What is drawn, in the form of the report's chart data: one rate, the last trial of each side. */
  const load = { title: '', percentiles: [], time: { stepS: 1, trials: [], leftOut: 0 } }
  const data = {
    sides: facts.sides.map((label, index) => ({ label, color: index % PALETTE_SIZE })),
    loads: [load],
    curves: [],
  }
  /** Of each side: its row, trials begun, verdicts, what its last trial did. */
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

  /** What has come in one burst (the history, for who comes late) is drawn once; a hidden page draws nothing. */
  let waiting = new Set()
  const redraw = (part) => {
    if (waiting.size === 0) setTimeout(drawWaiting)
    waiting.add(part)
  }
  const drawWaiting = () => {
    const parts = waiting
    waiting = new Set()
    if (document.hidden) return
    for (const part of parts) benchCharts.draw(data, byId(part), { quantile: byId('quantile').value })
  }
  const redrawAll = () => {
    redraw('time')
    redraw('percentiles')
  }
  document.addEventListener('visibilitychange', redrawAll)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll)
  byId('quantile').addEventListener('change', () => redraw('time'))
  byId('quantiles').hidden = facts.sides.length === 1

  const sideRow = ({ label, color }) => {
    const row = make('tr', '')
    const title = make('th', `c${color}`)
    title.scope = 'row'
    title.append(make('span', 'swatch'), label)
    const trials = make('td', '')
    const verdicts = make('td', 'text')
    row.append(title, trials, verdicts)
    byId('sides').append(row)
    return { trials, verdicts }
  }
  const showRow = ({ row, begun, verdicts }) => {
    text(row.trials, `${begun} of ${facts.trialsPerSide}`)
    text(row.verdicts, verdicts.join('; ') || '–')
  }

  const reset = () => {
    load.time.trials = []
    byId('sides').replaceChildren()
    sides = new Map(
      data.sides.map((side, index) => [
        side.label,
        { index, row: sideRow(side), begun: 0, verdicts: [], time: null },
      ]),
    )
    for (const side of sides.values()) showRow(side)
    redraw('time')
  }

  const showFigures = (second) => {
    const latency = (value) =>
      value === null ? '–' : [value.p50Us, value.p99Us, value.maxUs].map(ms).join(' · ')
    const rows = [
      ['scheduled', `${number.format(second.scheduledHz)} msg/s`],
      ['acknowledged', `${number.format(second.acknowledgedHz)} msg/s`],
      ['received', `${number.format(second.receivedHz)} msg/s`],
      ['backlog', `${number.format(second.backlog)} messages`],
      ...LATENCIES.map(([name, caption]) => [
        `${caption.split(' ')[0].toLowerCase()} p50 · p99 · max`,
        latency(second[name]),
      ]),
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

  const emptyLatency = () => ({ p50: [], p99: [], max: [] })
  const measureEndS = facts.warmupS + facts.durationS
  /** The drain is a band of no width until it begins: it keeps the axis as long as the trial will be. */
  const bandsAt = (elapsedS) => [
    { fromS: 0, toS: facts.warmupS, label: 'warm-up' },
    { fromS: measureEndS, toS: Math.max(measureEndS, elapsedS), label: 'drain' },
  ]

  const beginTrial = (event) => {
    const side = sides.get(event.side)
    if (side === undefined) return
    // Trials at another rate are not to be compared with this one.
    if (trial !== null && trial.rateHz !== event.rateHz) {
      for (const other of sides.values()) other.time = null
    }
    trial = event
    side.begun = event.number
    side.time = {
      side: side.index,
      trial: event.number,
      bands: bandsAt(0),
      x: [],
      publish: emptyLatency(),
      endToEnd: emptyLatency(),
      scheduled: [],
      acknowledged: [],
      received: [],
    }
    load.time.trials = [...sides.values()].map(({ time }) => time).filter((time) => time !== null)
    showRow(side)
    redraw('time')
  }

  const addSecond = (second) => {
    const time = sides.get(second.side)?.time ?? null
    if (time === null) return
    time.x.push((second.startS + second.elapsedS) / 2)
    time.bands = bandsAt(second.elapsedS)
    for (const [name] of LATENCIES) {
      const latency = second[name]
      for (const key of ['p50', 'p99', 'max'])
        time[name][key].push(latency === null ? null : Math.max(1, latency[`${key}Us`]) / 1000)
    }
    for (const name of ['scheduled', 'acknowledged', 'received']) time[name].push(second[`${name}Hz`])
    redraw('time')
  }

  const where = (step, detail) => {
    if (trial === null) return
    const rate = facts.ratesHz.length > 1 ? ` at ${number.format(trial.rateHz)} msg/s` : ''
    const place = trial.places > 1 ? ` (${trial.place + 1} of ${trial.places} in all)` : ''
    const parts = [`${trial.side}: trial ${trial.number} of ${trial.of}${rate}${place}`, step, detail]
    text(byId('where'), parts.filter(Boolean).join(' · '))
  }

  const addVerdict = (label, verdict) => {
    const side = sides.get(label)
    if (side === undefined) return
    side.verdicts.push(verdict)
    showRow(side)
  }

  /** The finished trials, whole, by rate. */
  const showPercentiles = (loads) => {
    const title = `${number.format(trial?.rateHz)} msg/s`
    const found = loads.find((each) => each.title === title) ?? loads[0]
    load.percentiles = found?.percentiles ?? []
    text(byId('load'), loads.length > 1 ? ` at ${found.title}` : '')
    const holder = byId('percentile-charts')
    if (holder.childElementCount === 0) holder.append(...load.percentiles.map(percentileFigure))
    byId('percentiles').hidden = holder.childElementCount === 0
    redraw('percentiles')
  }
  const percentileFigure = ({ title }, index) => {
    const figure = make('figure', '')
    const caption = make('figcaption', '', `${title} `)
    caption.append(make('small', '', 'ms'))
    const chart = make('div', 'chart')
    Object.assign(chart.dataset, { chart: 'percentile', index })
    chart.setAttribute('role', 'img')
    chart.setAttribute('tabindex', '0')
    chart.setAttribute('aria-label', `${title} by percentile, in milliseconds, of the trials that are over.`)
    figure.append(caption, chart)
    return figure
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
    },
    step: (event) => where(event.step, event.detail),
    second: (event) => {
      addSecond(event)
      showFigures(event)
      where(event.phase === 'warmup' ? 'warm-up' : event.phase, `${Math.round(event.elapsedS)} s`)
      byId('progress').value = Math.min(1, event.elapsedS / event.totalS)
    },
    charts: showPercentiles,
    'side-done': (event) => addVerdict(event.side, `${event.measurement}, ${event.integrity}`),
    'side-failed': (event) => addVerdict(event.side, `failed: ${event.message}`),
    ended: (event) => {
      ended = true
      source.close()
      status(`The run has ended. ${event.sentence}`, event.tone)
      text(byId('where'), event.report === null ? 'No report was written.' : `Report: ${event.report}`)
      byId('progress').value = 1
    },
  }

  const rates = facts.ratesHz.map((rateHz) => number.format(rateHz)).join(', ')
  text(
    byId('summary'),
    `${rates} msg/s of ${number.format(facts.messageBytes)} bytes · warm-up ${facts.warmupS} s, measured ${facts.durationS} s`,
  )
  reset()
  const source = new EventSource('events')
  for (const [name, handle] of Object.entries(handlers))
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)))
  source.addEventListener('error', () => {
    if (!ended) status('The connection is lost: bench has ended, or will answer again.', 'bad')
  })
})()
