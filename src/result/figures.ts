const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** A count with thousands separators: `20,000`. */
export function countText(value: number): string {
  return GROUPED.format(value)
}

/** Microseconds as milliseconds with three digits that mean something: `0.123 ms`, `1.23 ms`, `12.3 ms`, `1,234 ms`. */
export function msText(us: number): string {
  return `${msFigure(us)} ms`
}

/** As `msText`, without the unit. */
export function msFigure(us: number): string {
  const ms = us / 1000
  const size = Math.abs(ms)
  if (size >= 100) return GROUPED.format(ms)
  return ms.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/**
 * A share (0 … 1) as a percentage with one decimal. Rounded towards the doubtful side: what is not all never prints
 * `100.0 %`, what is not nothing never prints `0.0 %`.
 */
export function percentText(share: number): string {
  const percent = share * 100
  if (percent > 99.9 && percent < 100) return '99.9 %'
  if (percent > 0 && percent < 0.1) return '0.1 %'
  return `${percent.toFixed(1)} %`
}

/** `1 message`, `2 messages`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`
}
