const LARGE = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
/** Below this, four digits after the point are not enough. */
const SMALLEST = 0.00005

/** An amount, with as many digits as mean something: `1,234.50`, `0.0832`, `<0.0001`; its currency stands elsewhere. */
export function moneyFigure(amount: number): string {
  const size = Math.abs(amount)
  if (size >= 1 || size === 0) return LARGE.format(amount)
  if (size < SMALLEST) return amount < 0 ? '>-0.0001' : '<0.0001'
  return amount.toFixed(4)
}

/** `+0.12 (+8.7 %)`: how far `billed` lies from `estimated`; the share is left out where nothing was estimated. */
export function differenceText(billed: number, estimated: number): string {
  const difference = billed - estimated
  if (Math.abs(difference) < SMALLEST) return '0.00 (0.0 %)'
  const sign = difference > 0 ? '+' : ''
  const share = differenceShare(billed, estimated)
  const percent = share === null ? '' : ` (${sign}${(share * 100).toFixed(1)} %)`
  return `${sign}${moneyFigure(difference)}${percent}`
}

/** The difference by what was estimated; null where that is nothing. */
export function differenceShare(billed: number, estimated: number): number | null {
  return estimated === 0 ? null : (billed - estimated) / estimated
}
