/** Lines shown of each failure: enough for the error, its place and what was expected. */
const EXCERPT_LINES = 25
/** Failures of one file that are shown; the rest is in the whole output above. */
const EXCERPTS = 5
const OUTCOME = /^\((pass|fail|skip|todo)\) /

/**
 * What a failed command said about each failure: the lines before each `(fail)` of Bun's test runner, else its last ones.
 * Whoever sees only the end of a long run sees the cause there.
 */
export function failureExcerpts(output: string): string[] {
  const lines = output.trimEnd().split('\n')
  const excerpts: string[] = []
  let from = 0
  for (const [i, line] of lines.entries()) {
    if (!OUTCOME.test(line)) continue
    if (line.startsWith('(fail)')) excerpts.push(excerptOf(lines.slice(from, i + 1)))
    from = i + 1
  }
  return excerpts.length === 0 ? [excerptOf(lines)] : excerpts.slice(0, EXCERPTS)
}

function excerptOf(lines: readonly string[]): string {
  return lines.slice(-EXCERPT_LINES).join('\n')
}
