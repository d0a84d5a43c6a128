import type { Spread } from './spread.ts'

export interface Line {
  readonly first: Spread
  readonly second: Spread
  /** Second / first. */
  readonly ratio: number
  /** As held against 5 %: adjusted where the report holds several tests. */
  readonly p: number
  /** Whether a difference was shown; `~` where not. */
  readonly shown: boolean
  /** A value of the figure with its unit: `12.3 ms`. */
  readonly text: (value: number) => string
}

/** `12.3 ms ± 4 %  →  9.8 ms ± 3 %  −20 % (p=0.0006, n=7+7)`: the form that users of benchstat know. */
export function benchstatLine({ first, second, ratio, p, shown, text }: Line): string {
  const change = shown ? changeText(ratio) : '~'
  return (
    `${text(first.median)} ${spreadText(first)}  →  ${text(second.median)} ${spreadText(second)}  ` +
    `${change} (p=${pText(p)}, n=${first.n}+${second.n})`
  )
}

/** `± 4 %`; `± ∞` below six trials, whose median has no 95 % interval. */
export function spreadText({ share }: Spread): string {
  return share === null ? '± ∞' : `± ${shareText(share, 1)} %`
}

/** A ratio as a change with its sign: `−20 %`, `+3.4 %`. */
export function changeText(ratio: number): string {
  const change = ratio - 1
  return `${change < 0 ? '−' : '+'}${shareText(Math.abs(change), 10)} %`
}

/** A share as a percentage: whole from `wholeFromPercent` on, with one decimal below. */
export function shareText(share: number, wholeFromPercent = 10): string {
  const percent = share * 100
  return percent.toFixed(percent >= wholeFromPercent ? 0 : 1)
}

/** Four decimals below 0.01, else two or three; never `0.0000`. */
export function pText(p: number): string {
  if (p < 0.0001) return p.toExponential(0)
  return p.toFixed(p < 0.01 ? 4 : p < 0.1 ? 3 : 2)
}
