import { PathFault } from './path-text.ts'

// Regular expressions of JavaScript's syntax (flag u) as a program for `pattern.ts`. What needs backtracking (references
// to groups, look-around) is refused. What one character may be is left to the runtime's own engine.

/** One step of a program. */
export type Step =
  /** Takes one character that `accepts`. */
  | { readonly kind: 'one'; readonly accepts: RegExp; next: number }
  /** Goes on at both, the first being preferred. */
  | { readonly kind: 'split'; next: number; other: number }
  /** Goes on where the text begins or ends, or a word does (or does not). */
  | { readonly kind: 'assert'; readonly what: '^' | '$' | '\\b' | '\\B'; next: number }
  | { readonly kind: 'match' }

/** Counted repetition is written out; this bounds what `((a{99}){99}){99}` comes to. */
const MAX_STEPS = 2000
const MAX_GROUPS_DEEP = 50
const FLAGS = /^[is]*$/

/** Programs are built back to front: `build` gets the step that follows and gives the step to begin with. */
interface Node {
  readonly build: (next: number) => number
  /** Whether it may match without taking a character. */
  readonly isNullable: boolean
}

/** Compiles `source`; step 0 is the match, `start` the first. Faults are counted from `offset`. */
export function parsePattern(
  source: string,
  flags: string,
  offset: number,
): { steps: Step[]; start: number } {
  const parser: Parser = { source, flags, offset, steps: [{ kind: 'match' }], at: 0, depth: 0 }
  const node = program(parser)
  if (node.isNullable) {
    throw new PathFault('expected a regular expression that matches at least one character', offset)
  }
  return { steps: parser.steps, start: node.build(0) }
}

/** Where the parser is, and what it has made so far. */
interface Parser {
  readonly source: string
  readonly flags: string
  /** Where the expression begins in the path, for faults. */
  readonly offset: number
  readonly steps: Step[]
  at: number
  depth: number
}

function program(parser: Parser): Node {
  if (!FLAGS.test(parser.flags))
    throw new PathFault(`expected the flags i or s, got '${parser.flags}'`, parser.offset)
  const node = alternatives(parser)
  if (parser.at < parser.source.length) fault(parser, 'unmatched )')
  return node
}

function fault(parser: Parser, message: string): never {
  throw new PathFault(`regular expression: ${message}`, parser.offset + parser.at)
}

function add(parser: Parser, step: Step): number {
  if (parser.steps.length >= MAX_STEPS) fault(parser, `more than ${MAX_STEPS} steps, written out`)
  return parser.steps.push(step) - 1
}

function alternatives(parser: Parser): Node {
  const all = [sequence(parser)]
  while (parser.source[parser.at] === '|') {
    parser.at++
    all.push(sequence(parser))
  }
  return {
    isNullable: all.some((node) => node.isNullable),
    build: (next) =>
      all
        .map((node) => node.build(next))
        .reduceRight((other, first) => add(parser, { kind: 'split', next: first, other })),
  }
}

function sequence(parser: Parser): Node {
  const parts: Node[] = []
  while (
    parser.at < parser.source.length &&
    parser.source[parser.at] !== '|' &&
    parser.source[parser.at] !== ')'
  ) {
    parts.push(quantified(parser))
  }
  return {
    isNullable: parts.every((node) => node.isNullable),
    build: (next) => parts.reduceRight((after, node) => node.build(after), next),
  }
}

function quantified(parser: Parser): Node {
  const node = atom(parser)
  const [, text, lazy] = /^([*+?]|\{\d{1,4}(?:,\d{0,4})?\})(\??)/.exec(parser.source.slice(parser.at)) ?? []
  if (text === undefined) return node
  parser.at += text.length + lazy!.length
  const [min, max] = bounds(text)
  if (max < min) fault(parser, 'numbers of a quantifier out of order')
  // Engines differ in what an iteration that takes nothing means.
  if (node.isNullable) fault(parser, 'what is repeated must match at least one character')
  return { isNullable: min === 0, build: (next) => repeated(parser, node, min, max, lazy === '?', next) }
}

function repeated(
  parser: Parser,
  node: Node,
  min: number,
  max: number,
  isLazy: boolean,
  next: number,
): number {
  let after = next
  if (max === Number.POSITIVE_INFINITY) {
    const loop = add(parser, { kind: 'split', next: -1, other: -1 })
    point(parser, loop, node.build(loop), next, isLazy)
    after = loop
  } else {
    for (let i = min; i < max; i++) {
      const fork = add(parser, { kind: 'split', next: -1, other: -1 })
      point(parser, fork, node.build(after), next, isLazy)
      after = fork
    }
  }
  for (let i = 0; i < min; i++) after = node.build(after)
  return after
}

function point(parser: Parser, fork: number, again: number, next: number, isLazy: boolean): void {
  const step = parser.steps[fork]!
  if (step.kind !== 'split') return
  step.next = isLazy ? next : again
  step.other = isLazy ? again : next
}

function atom(parser: Parser): Node {
  const rest = parser.source.slice(parser.at)
  if (rest[0] === '(') return group(parser, rest)
  const assertion = /^(\^|\$|\\[bB])/.exec(rest)?.[1]
  if (assertion !== undefined) {
    parser.at += assertion.length
    return {
      isNullable: true,
      build: (next) => add(parser, { kind: 'assert', what: assertion as '^', next }),
    }
  }
  if (/^\\[1-9k]/.test(rest))
    fault(parser, 'references to groups are not supported: they cannot be matched in linear time')
  const text =
    /^(\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)|.)/su.exec(
      rest,
    )![1]!
  if (/^[*+?{}\])]$/.test(text)) fault(parser, `unexpected ${text}`)
  const accepts = oneCharacter(parser, text)
  parser.at += text.length
  return { isNullable: false, build: (next) => add(parser, { kind: 'one', accepts, next }) }
}

function oneCharacter(parser: Parser, text: string): RegExp {
  try {
    return new RegExp(
      `^${text}$`,
      `${parser.flags.replaceAll('s', '')}u${parser.flags.includes('s') ? 's' : ''}`,
    )
  } catch {
    return fault(parser, `'${text}' is no character or class`)
  }
}

function group(parser: Parser, rest: string): Node {
  const [opening, isNamed] = /^\((?:\?:|\?<(\w+)>)?/.exec(rest)!
  if (isNamed === undefined && rest[opening.length] === '?') {
    fault(parser, 'look-around and flags in groups are not supported')
  }
  if (++parser.depth > MAX_GROUPS_DEEP) fault(parser, `groups more than ${MAX_GROUPS_DEEP} deep`)
  parser.at += opening.length
  const node = alternatives(parser)
  if (parser.source[parser.at] !== ')') fault(parser, 'missing )')
  parser.at++
  parser.depth--
  return node
}

function bounds(text: string): [number, number] {
  if (text === '*') return [0, Number.POSITIVE_INFINITY]
  if (text === '+') return [1, Number.POSITIVE_INFINITY]
  if (text === '?') return [0, 1]
  const [min, max] = text.slice(1, -1).split(',')
  if (max === undefined) return [Number(min), Number(min)]
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}
