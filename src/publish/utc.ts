/** `2026-11-21 10:00 UTC`; what is no date stays as it is. */
export function utcMinute(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
