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
  const parser = new Parser(source, flags, offset)
  const node = parser.program()
  if (node.isNullable) {
    throw new PathFault('expected a regular expression that matches at least one character', offset)
  }
  return { steps: parser.steps, start: node.build(0) }
}

class Parser {
  readonly steps: Step[] = [{ kind: 'match' }]
  private at = 0
  private depth = 0

  constructor(
    private readonly source: string,
    private readonly flags: string,
    private readonly offset: number,
  ) {}

  program(): Node {
    if (!FLAGS.test(this.flags))
      throw new PathFault(`expected the flags i or s, got '${this.flags}'`, this.offset)
    const node = this.alternatives()
    if (this.at < this.source.length) this.fault('unmatched )')
    return node
  }

  private fault(message: string): never {
    throw new PathFault(`regular expression: ${message}`, this.offset + this.at)
  }

  private add(step: Step): number {
    if (this.steps.length >= MAX_STEPS) this.fault(`more than ${MAX_STEPS} steps, written out`)
    return this.steps.push(step) - 1
  }

  private alternatives(): Node {
    const all = [this.sequence()]
    while (this.source[this.at] === '|') {
      this.at++
      all.push(this.sequence())
    }
    return {
      isNullable: all.some((node) => node.isNullable),
      build: (next) =>
        all
          .map((node) => node.build(next))
          .reduceRight((other, first) => this.add({ kind: 'split', next: first, other })),
    }
  }

  private sequence(): Node {
    const parts: Node[] = []
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      parts.push(this.quantified())
    }
    return {
      isNullable: parts.every((node) => node.isNullable),
      build: (next) => parts.reduceRight((after, node) => node.build(after), next),
    }
  }

  private quantified(): Node {
    const node = this.atom()
    const [, text, lazy] = /^([*+?]|\{\d{1,4}(?:,\d{0,4})?\})(\??)/.exec(this.source.slice(this.at)) ?? []
    if (text === undefined) return node
    this.at += text.length + lazy!.length
    const [min, max] = bounds(text)
    if (max < min) this.fault('numbers of a quantifier out of order')
    // Engines differ in what an iteration that takes nothing means.
    if (node.isNullable) this.fault('what is repeated must match at least one character')
    return { isNullable: min === 0, build: (next) => this.repeated(node, min, max, lazy === '?', next) }
  }

  private repeated(node: Node, min: number, max: number, isLazy: boolean, next: number): number {
    let after = next
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.add({ kind: 'split', next: -1, other: -1 })
      this.point(loop, node.build(loop), next, isLazy)
      after = loop
    } else {
      for (let i = min; i < max; i++) {
        const fork = this.add({ kind: 'split', next: -1, other: -1 })
        this.point(fork, node.build(after), next, isLazy)
        after = fork
      }
    }
    for (let i = 0; i < min; i++) after = node.build(after)
    return after
  }

  private point(fork: number, again: number, next: number, isLazy: boolean): void {
    const step = this.steps[fork]!
    if (step.kind !== 'split') return
    step.next = isLazy ? next : again
    step.other = isLazy ? again : next
  }

  private atom(): Node {
    const rest = this.source.slice(this.at)
    if (rest[0] === '(') return this.group(rest)
    const assertion = /^(\^|\$|\\[bB])/.exec(rest)?.[1]
    if (assertion !== undefined) {
      this.at += assertion.length
      return { isNullable: true, build: (next) => this.add({ kind: 'assert', what: assertion as '^', next }) }
    }
    if (/^\\[1-9k]/.test(rest))
      this.fault('references to groups are not supported: they cannot be matched in linear time')
    const text =
      /^(\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)|.)/su.exec(
        rest,
      )![1]!
    if (/^[*+?{}\])]$/.test(text)) this.fault(`unexpected ${text}`)
    const accepts = this.oneCharacter(text)
    this.at += text.length
    return { isNullable: false, build: (next) => this.add({ kind: 'one', accepts, next }) }
  }

  private oneCharacter(text: string): RegExp {
    try {
      return new RegExp(
        `^${text}$`,
        `${this.flags.replaceAll('s', '')}u${this.flags.includes('s') ? 's' : ''}`,
      )
    } catch {
      return this.fault(`'${text}' is no character or class`)
    }
  }

  private group(rest: string): Node {
    const [opening, isNamed] = /^\((?:\?:|\?<(\w+)>)?/.exec(rest)!
    if (isNamed === undefined && rest[opening.length] === '?') {
      this.fault('look-around and flags in groups are not supported')
    }
    if (++this.depth > MAX_GROUPS_DEEP) this.fault(`groups more than ${MAX_GROUPS_DEEP} deep`)
    this.at += opening.length
    const node = this.alternatives()
    if (this.source[this.at] !== ')') this.fault('missing )')
    this.at++
    this.depth--
    return node
  }
}

function bounds(text: string): [number, number] {
  if (text === '*') return [0, Number.POSITIVE_INFINITY]
  if (text === '+') return [1, Number.POSITIVE_INFINITY]
  if (text === '?') return [0, 1]
  const [min, max] = text.slice(1, -1).split(',')
  if (max === undefined) return [Number(min), Number(min)]
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}
