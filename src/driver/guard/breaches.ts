/** Reports each kind of breach once when it is first seen, and how often it came when `finish` is called. */
export interface BreachLog {
  report(kind: string, detail: string): void
  finish(): void
}

/** Output is bounded by the number of kinds, however often a driver errs. */
export function breachLog(onBreach: (sentence: string) => void): BreachLog {
  const counts = new Map<string, number>()
  return {
    report(kind, detail) {
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      if (count === 1) onBreach(`${kind}: ${detail}`)
    },
    finish() {
      for (const [kind, count] of counts) if (count > 1) onBreach(`${kind}: ${count} times in all`)
      counts.clear()
    },
  }
}
