// Runs in a page, offline. What each chart shows: from the numbers of the result and the reader's choices to lines.
// A line: { label, values, color, dash, width, text(value, place) }, and where it has them its band { low, high }, { held } of
// each point, { join } over gaps, { holds } in them, { faint }.
// A chart: { x, lines, xKind: share | time | date | load, xText, yKind: latency | rate }, and { bands, sync, scale, opened }.
;(() => {
  const DASHES = [[], [9, 4], [3, 3], [12, 3, 3, 3], [5, 2], [16, 5], [2, 5], [9, 3, 3, 3, 3, 3]]
  const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

  const ms = (value) => {
    if (value == null) return '–'
    if (value >= 100) return grouped.format(value)
    return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
  }
  const count = (value) => (value == null ? '–' : grouped.format(value))
  /** A place on the percentile axis, with as many digits as tell it from its neighbours. */
  const share = (nines) => {
    if (nines == null) return ''
    const decimals = Number.isInteger(nines) ? Math.max(0, nines - 2) : Math.ceil(nines)
    return `${Number((100 * (1 - 10 ** -nines)).toFixed(decimals))} %`
  }

  const sideLook = (data, index) => ({
    label: data.sides[index].label,
    color: `--s${data.sides[index].color}`,
    dash: DASHES[index % DASHES.length],
    width: 2,
  })

  /** All sides over the share of messages. */
  const percentile = (data, { load, hidden }, { index }) => {
    const { x, sides } = data.loads[load].percentiles[index]
    const lines = []
    for (const { side, ms: values, atLeastMs, lowMs, highMs } of sides) {
      if (hidden.has(side)) continue
      // Curves have points of their own; between two of them the value of the lower one holds.
      const look = { ...sideLook(data, side), text: ms, join: true, holds: true }
      const range = lowMs.length === 0 ? {} : { low: lowMs, high: highMs }
      lines.push({ ...look, values, ...range })
      if (atLeastMs.every((value) => value === null)) continue
      lines.push({
        ...look,
        label: `${look.label} ≥`,
        values: atLeastMs,
        dash: [1, 4],
        width: 2.5,
      })
    }
    return { x, lines, xKind: 'share', xText: share, yKind: 'latency' }
  }

  const middle = (values) => {
    const sorted = values.filter((value) => value != null).sort((a, b) => a - b)
    if (sorted.length === 0) return { mid: null, low: null, high: null }
    const half = sorted.length >> 1
    const mid = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    return { mid, low: sorted[0], high: sorted.at(-1) }
  }

  /** The median of several trials, step by step, and their range; a trial alone as it is. */
  const together = (trials, read) => {
    if (trials.length === 1) return { values: read(trials[0]) }
    const length = Math.max(...trials.map(({ x }) => x.length))
    const steps = Array.from({ length }, (_, i) => middle(trials.map((trial) => read(trial)[i])))
    return {
      values: steps.map(({ mid }) => mid),
      low: steps.map(({ low }) => low),
      high: steps.map(({ high }) => high),
    }
  }

  /** Trials that are chosen, of each side that is shown. */
  const chosen = (data, { load, trial, hidden }) => {
    const { trials } = data.loads[load].time
    const wanted = trials.filter((each) => !hidden.has(each.side) && (trial === null || each.trial === trial))
    const sides = [...new Set(wanted.map(({ side }) => side))]
    const groups = sides.map((side) => ({ side, trials: wanted.filter((each) => each.side === side) }))
    const longest = wanted.reduce((long, { x }) => (x.length > long.length ? x : long), [])
    return { groups, x: longest, bands: unitedBands(wanted.flatMap(({ bands }) => bands)) }
  }

  /** Trials of one plan have the same phases; where they differ a little, the widest stretch counts. */
  const unitedBands = (bands) => {
    const united = new Map()
    for (const { fromS, toS, label, fault } of bands) {
      const known = united.get(label) ?? { fromS, toS, label }
      united.set(label, { label, fault, fromS: Math.min(known.fromS, fromS), toS: Math.max(known.toS, toS) })
    }
    return [...united.values()]
  }

  const seconds = (value) => (value == null ? '' : `${Math.round(value * 10) / 10} s`)
  const timeChart = (shown, lines, yKind) => {
    const padded = (values) => [...values, ...Array(Math.max(0, shown.x.length - values.length)).fill(null)]
    const whole = ({ values, low, high }) =>
      low === undefined
        ? { values: padded(values) }
        : { values: padded(values), low: padded(low), high: padded(high) }
    return {
      x: shown.x,
      lines: lines.map((line) => ({ ...line, ...whole(line) })),
      bands: shown.bands,
      xKind: 'time',
      xText: seconds,
      yKind,
      sync: true,
    }
  }

  /** One quantile of every side; all of them where there is one side. */
  const latency = (data, options, { latency: name }) => {
    const shown = chosen(data, options)
    const alone = data.sides.length === 1
    const lines = shown.groups.flatMap(({ side, trials }) => {
      const look = { ...sideLook(data, side), text: ms }
      const of = (key, extra) => ({ ...look, ...together(trials, (trial) => trial[name][key]), ...extra })
      if (!alone) return of(options.quantile, {})
      return [
        of('max', { label: 'max', color: '--soft', dash: [2, 3], width: 1.25 }),
        of('p99', { label: 'p99' }),
        of('p50', { label: 'p50', dash: [7, 3], width: 1.25 }),
      ]
    })
    return timeChart(shown, lines, 'latency')
  }

  const rate = (data, options) => {
    const shown = chosen(data, options)
    const every = shown.groups.flatMap(({ trials }) => trials)
    const scheduled = {
      label: 'scheduled',
      color: '--soft',
      dash: [2, 3],
      width: 1.5,
      text: count,
      values: every.length === 0 ? [] : together(every, (trial) => trial.scheduled).values,
    }
    const lines = shown.groups.flatMap(({ side, trials }) => {
      const look = { ...sideLook(data, side), text: count }
      const name = data.sides.length === 1 ? '' : `${look.label} `
      const acknowledged = together(trials, (trial) => trial.acknowledged)
      const received = together(trials, (trial) => trial.received)
      return [
        { ...look, label: `${name}acknowledged`, ...acknowledged },
        { ...look, label: `${name}received`, values: received.values, width: 1, faint: true },
      ]
    })
    return timeChart(shown, [scheduled, ...lines], 'rate')
  }

  /** Latency against the rate offered; hollow points are overload figures. */
  const curve = (data, { hidden }, { index }) => {
    const { x, sides } = data.curves[index]
    const lines = sides
      .filter(({ side }) => !hidden.has(side))
      .flatMap(({ side, p50, p99, held }) => {
        const look = { ...sideLook(data, side), text: ms, held, join: true }
        return [
          { ...look, label: `${look.label} p99`, values: p99, dash: [] },
          { ...look, label: `${look.label} p50`, values: p50, dash: [6, 4], width: 1.25 },
        ]
      })
    return { x, lines, xKind: 'load', xText: (value) => `${count(value)} msg/s`, yKind: 'latency' }
  }

  globalThis.benchLines = { percentile, latency, rate, curve, share, count, ms }
})()
