/** Settings of one server, by their names in its configuration file. */
export type Settings = Readonly<Record<string, string | number | boolean>>

/**
 * A shipped configuration text with these settings: each replaces the line of its key (the later ones of a repeated
 * key are dropped), and what has no line is appended, below a line end of its own: `standalone.conf` has none.
 */
export function withSettings(shipped: string, settings: Settings): string {
  const left = new Map(Object.entries(settings).map(([key, value]) => [key, `${key}=${value}`]))
  const written = new Set<string>()
  const lines: string[] = []
  for (const line of shipped.trimEnd().split('\n')) {
    const key = /^\s*([\w.]+)\s*=/.exec(line)?.[1] ?? ''
    if (written.has(key)) continue
    const ours = left.get(key)
    lines.push(ours ?? line)
    if (ours !== undefined) {
      left.delete(key)
      written.add(key)
    }
  }
  return `${[...lines, ...left.values()].join('\n')}\n`
}
