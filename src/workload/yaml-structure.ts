import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import { MAX_YAML_ALIASES, MAX_YAML_DEPTH } from './limits.ts'
import type { Problem } from './problem.ts'

/** What YAML allows and a settings file does not: no map at the root, keys that are no words, keys given twice, depth. */
export function structureProblems(root: unknown, place: (offset: number) => string): Problem[] {
  const problems: Problem[] = []
  const report = (node: unknown, what: string, hint?: string) => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
    problems.push({ where: place(offset), what, ...(hint === undefined ? {} : { hint }) })
  }
  if (root === null || (isScalar(root) && root.value === null)) {
    report(root, 'expected settings (key: value), got an empty file')
    return problems
  }
  if (!isMap(root)) {
    report(root, `expected a map of settings (key: value), got ${isSeq(root) ? 'a list' : 'a single value'}`)
    return problems
  }
  let aliases = 0
  const walk = (node: unknown, depth: number) => {
    if (isAlias(node) && ++aliases === MAX_YAML_ALIASES + 1) {
      report(node, `expected at most ${MAX_YAML_ALIASES} aliases, got more`)
    }
    if (depth > MAX_YAML_DEPTH) return report(node, `expected at most ${MAX_YAML_DEPTH} levels, got more`)
    if (isSeq(node)) for (const item of node.items) walk(item, depth + 1)
    if (!isMap(node)) return
    const seen = new Set<string>()
    for (const { key, value } of node.items) {
      if (!isScalar(key) || typeof key.value !== 'string')
        report(key ?? node, 'expected a key that is a word, got another value', 'quote it')
      else if (key.value === '__proto__') report(key, 'expected a known key, got "__proto__"')
      else if (seen.has(key.value))
        report(key, `expected each key once, got ${JSON.stringify(key.value)} again`, 'remove one of them')
      else seen.add(key.value)
      walk(value, depth + 1)
    }
  }
  walk(root, 0)
  return problems
}
