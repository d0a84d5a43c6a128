import { countText, msText } from '../../result/figures.ts'

/** The figures that get a verdict, in the order of reports. */
export const VERDICT_FIGURES = [
  'publishP99',
  'endToEndP99',
  'cpuPerMessage',
  'costPerMillion',
  'sustainableRate',
] as const
export type FigureName = (typeof VERDICT_FIGURES)[number]

export interface FigureKind {
  readonly title: string
  readonly better: 'lower' | 'higher'
  /** Meaningless for a side that did not hold the rate: overload figures are shown and never ranked. */
  readonly needsHeldRate: boolean
  /** A value with its unit. */
  readonly text: (value: number) => string
}

export const FIGURE_KINDS: Readonly<Record<FigureName, FigureKind>> = {
  /** µs. */
  publishP99: { title: 'publish p99', better: 'lower', needsHeldRate: true, text: msText },
  /** µs. */
  endToEndP99: { title: 'end-to-end p99', better: 'lower', needsHeldRate: true, text: msText },
  /** CPU µs of the broker a message acknowledged in measure. */
  cpuPerMessage: {
    title: 'CPU per message',
    better: 'lower',
    needsHeldRate: true,
    text: (us) => `${threeDigits(us)} µs`,
  },
  /** In the currency that the side was billed in; the same for all sides. */
  costPerMillion: {
    title: 'cost per million messages',
    better: 'lower',
    needsHeldRate: true,
    text: threeDigits,
  },
  /** Messages a second. */
  sustainableRate: {
    title: 'sustainable rate',
    better: 'higher',
    needsHeldRate: false,
    text: (rateHz) => `${countText(rateHz)} msg/s`,
  },
}

/** The kind of a figure whose costs are in this currency; undefined = not said. */
export function kindOf(figure: FigureName, currency: string | undefined): FigureKind {
  const kind = FIGURE_KINDS[figure]
  if (figure !== 'costPerMillion' || currency === undefined) return kind
  return { ...kind, text: (value) => `${kind.text(value)} ${currency}` }
}

function threeDigits(value: number): string {
  return value >= 100 ? countText(value) : value.toPrecision(3)
}
