/** Answers that allow another try (OTLP specification, "Retryable Response Codes"). */
export const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** A `Retry-After` header (RFC 9110 §10.2.3: seconds or a date); null when there is none or it makes no sense. */
export function retryAfterMs(value: string | undefined): number | null {
  if (value === undefined) return null
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - Date.now())
}
