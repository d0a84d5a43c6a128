/** The parser would take the word after `--search` for its predicates: only one that compares something is. */
export function withoutGreedySearch(argv: readonly string[]): string[] {
  return argv.map((argument, i) =>
    argument === '--search' && !/[<>=]/.test(argv[i + 1] ?? '') ? '--search=true' : argument,
  )
}
