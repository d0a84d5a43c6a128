import type { LatencyName } from '../../engine/types.ts'
import { countText, msFigure } from '../../result/figures.ts'
import type { LatencySummary, TrialResult } from '../../result/result.ts'
import { perMessage, tookOf } from '../took.ts'
import type { FigureName, FigureValue } from '../verdict/index.ts'

/** What a figure is measured in, and so how it is printed and what a limit on it may be written in. */
export type FigureUnit = 'latency' | 'cpu' | 'rate' | 'money'

/** A figure that experiments are compared in. */
export interface ComparedFigure {
  /** As written in `--fail-on`. */
  readonly name: string
  readonly title: string
  readonly unit: FigureUnit
  readonly better: 'lower' | 'higher'
  /** Meaningless for a side that did not hold the rate. */
  readonly needsHeldRate: boolean
  /** The figure of the report's verdict that is the same one; null where a report only describes it. */
  readonly verdict: FigureName | null
}

/** One trial's values by the name of the figure: µs, messages a second. A figure that is not known is left out. */
export type FigureValues = Readonly<Record<string, FigureValue>>

const LATENCY_GROUPS = [
  { prefix: 'publish', title: 'publish', latency: 'publish' },
  { prefix: 'e2e', title: 'end-to-end', latency: 'endToEnd' },
  { prefix: 'service', title: 'service time', latency: 'service' },
  { prefix: 'delay', title: 'schedule delay', latency: 'scheduleDelay' },
] as const satisfies readonly { prefix: string; title: string; latency: LatencyName }[]

const QUANTILES = [
  { key: 'p50', title: 'p50' },
  { key: 'p95', title: 'p95' },
  { key: 'p99', title: 'p99' },
  { key: 'p999', title: 'p99.9' },
  { key: 'max', title: 'max' },
] as const satisfies readonly { key: keyof LatencySummary; title: string }[]

const VERDICT_FIGURE: Readonly<Record<string, FigureName>> = {
  'publish.p99': 'publishP99',
  'e2e.p99': 'endToEndP99',
}

/** Every figure, in the order of tables. */
export const COMPARED_FIGURES: readonly ComparedFigure[] = [
  ...LATENCY_GROUPS.flatMap(({ prefix, title }) =>
    QUANTILES.map(
      ({ key, title: quantile }): ComparedFigure => ({
        name: `${prefix}.${key}`,
        title: `${title} ${quantile}`,
        unit: 'latency',
        better: 'lower',
        needsHeldRate: true,
        verdict: VERDICT_FIGURE[`${prefix}.${key}`] ?? null,
      }),
    ),
  ),
  ...(['publish', 'consume'] as const).map(
    (what): ComparedFigure => ({
      name: `rate.${what}`,
      title: `${what} rate`,
      unit: 'rate',
      better: 'higher',
      needsHeldRate: false,
      verdict: null,
    }),
  ),
  cpuFigure('client', null),
  cpuFigure('broker', 'cpuPerMessage'),
  {
    name: 'cost',
    title: 'cost per million messages',
    unit: 'money',
    better: 'lower',
    needsHeldRate: true,
    verdict: 'costPerMillion',
  },
]

function cpuFigure(who: 'client' | 'broker', verdict: FigureName | null): ComparedFigure {
  const title = `${who} CPU per message`
  return { name: `cpu.${who}`, title, unit: 'cpu', better: 'lower', needsHeldRate: true, verdict }
}

/** The unit that values are printed in; empty for money, whose currency the result tells. */
export const UNIT_TEXT: Readonly<Record<FigureUnit, string>> = {
  latency: 'ms',
  cpu: 'µs',
  rate: 'msg/s',
  money: '',
}

/** A value without its unit. */
export function figureNumber(unit: FigureUnit, value: number): string {
  if (unit === 'latency') return msFigure(value)
  return unit === 'rate' || value >= 100 ? countText(value) : value.toPrecision(3)
}

/** A value with its unit. */
export function figureText(unit: FigureUnit, value: number): string {
  return `${figureNumber(unit, value)} ${UNIT_TEXT[unit]}`.trimEnd()
}

/** Values of a trial that bench measured. `cost` is what the verdict knows of it, if anything. Pure. */
export function valuesOfTrial(trial: TrialResult, cost: FigureValue | undefined): FigureValues {
  const { latencies, publishRateHz, consumeRateHz } = trial.phases.measure
  const values: Record<string, FigureValue> = {}
  for (const { prefix, latency } of LATENCY_GROUPS) {
    const { summary } = latencies[latency]
    if (summary.count === 0) continue
    for (const { key } of QUANTILES) {
      values[`${prefix}.${key}`] = { value: summary[key].us, atLeast: summary[key].atLeast }
    }
  }
  const exact = (name: string, value: number) => {
    values[name] = { value, atLeast: false }
  }
  exact('rate.publish', publishRateHz)
  exact('rate.consume', consumeRateHz)
  const { clientCpuS, brokerCpuS } = tookOf(trial)
  for (const [name, cpuS] of [
    ['cpu.client', clientCpuS],
    ['cpu.broker', brokerCpuS],
  ] as const) {
    const cpuUs = perMessage(cpuS === null ? null : cpuS * 1e6, trial)
    if (cpuUs !== null) exact(name, cpuUs)
  }
  if (cost !== undefined) values.cost = cost
  return values
}
