const UNITS = { h: 3600, m: 60, s: 1, ms: 0.001 } as const
const FORM = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/

/** Seconds of a duration such as `10s`, `500ms`, `2m` or `1h30m`; null when it is not one. */
export function parseDuration(text: string): number | null {
  const match = FORM.exec(text)
  if (match === null || text === '') return null
  const parts = Object.values(UNITS).map((unit, index) => Number(match[index + 1] ?? 0) * unit)
  const seconds = parts.reduce((sum, part) => sum + part, 0)
  return Number.isFinite(seconds) ? Math.round(seconds * 1e6) / 1e6 : null
}

/** `1 h 30 min`, `2 min`, `10 s`, `0.5 s`; whole seconds from a minute on. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 1000) / 1000} s`
  const whole = Math.round(seconds)
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'h'],
    [Math.floor((whole % 3600) / 60), 'min'],
    [whole % 60, 's'],
  ]
  return parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}
