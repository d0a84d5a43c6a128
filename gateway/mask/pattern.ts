import { parsePattern, type Step } from './pattern-parse.ts'

// A regular expression must not hang the gateway, whatever text a sender chooses. So it is not run by backtracking: all
// ways to match are followed side by side, one character at a time (K. Thompson 1968, with R. Pike's order of threads,
// which makes the match the one that JavaScript would find). Time: length of the text × steps of the expression.

/** A regular expression of a rule. */
export interface Pattern {
  test(text: string): boolean
  /**
   * `text` with `replacement` (taken literally) in place of every match; null when nothing matches. `TOO_COSTLY` when
   * each of many matches needs a look far ahead (`a.*b|a` in `aaaa…`): together that would grow with the square.
   */
  replace(text: string, replacement: string): string | null | typeof TOO_COSTLY
}

export const TOO_COSTLY = Symbol('too costly')

const ASCII = 128
/** How often `replace` may look at each character, on average, before it gives up. */
const MAX_LOOKS = 32
/** Looks that are free, so that short texts never give up. */
const FREE_LOOKS = 65_536

/** Compiles; throws PathFault, counted from `offset`, for what is not supported. */
export function compilePattern(source: string, flags: string, offset = 0): Pattern {
  const { steps, start } = parsePattern(source, flags, offset)
  const machine = makeMachine(steps, start)
  return {
    test: (text) => machine(text, 0),
    replace(text, replacement) {
      let out = ''
      let from = 0
      looks = 0
      while (from <= text.length && machine(text, from)) {
        out += text.slice(from, matchStart) + replacement
        from = matchEnd
        if (looks > FREE_LOOKS + MAX_LOOKS * text.length) return TOO_COSTLY
      }
      return from === 0 ? null : out + text.slice(from)
    },
  }
}

/** Where the last match lies. */
let matchStart = 0
let matchEnd = 0
/** Characters looked at since `replace` began. */
let looks = 0

/** Finds the first match at or behind `from`; answers whether there is one. */
type Machine = (text: string, from: number) => boolean

/** Threads in the order of preference: their steps, and where each began. */
interface Threads {
  count: number
  readonly steps: Int32Array
  readonly starts: Int32Array
  /** By step: its place in `steps` if it is there (a sparse set). */
  readonly places: Int32Array
}

function makeMachine(steps: readonly Step[], first: number): Machine {
  const accepted = steps.map((step) => (step.kind === 'one' ? asciiTable(step.accepts) : null))
  const openings = openingTable(steps, first, accepted)
  let current = newThreads(steps.length)
  let following = newThreads(steps.length)

  const takes = (at: number, code: number): boolean => {
    if (code < ASCII) return accepted[at]![code] === 1
    const step = steps[at]!
    return step.kind === 'one' && step.accepts.test(String.fromCodePoint(code))
  }

  return (text, from) => {
    current.count = 0
    let isFound = false
    let pos = from
    while (true) {
      if (current.count === 0) {
        if (isFound) break
        while (pos < text.length && text.charCodeAt(pos) < ASCII && openings[text.charCodeAt(pos)] === 0)
          pos++
      }
      if (!isFound) addThread(steps, current, first, pos, text, pos)
      const code = pos < text.length ? text.codePointAt(pos)! : -1
      const next = pos + (code > 0xffff ? 2 : 1)
      following.count = 0
      looks++
      for (let i = 0; i < current.count; i++) {
        const at = current.steps[i]!
        const step = steps[at]!
        if (step.kind === 'match') {
          isFound = true
          matchStart = current.starts[i]!
          matchEnd = pos
          break
        }
        if (step.kind === 'one' && code >= 0 && takes(at, code)) {
          addThread(steps, following, step.next, current.starts[i]!, text, next)
        }
      }
      const swapped = current
      current = following
      following = swapped
      if (code < 0) break
      pos = next
    }
    return isFound
  }
}

function newThreads(steps: number): Threads {
  return {
    count: 0,
    steps: new Int32Array(steps),
    starts: new Int32Array(steps),
    places: new Int32Array(steps),
  }
}

/** Steps still to be added, deepest preference last; bounded by two a step. */
const pending: number[] = []

/** Adds `step` and all that it leads to without taking a character. */
function addThread(
  steps: readonly Step[],
  threads: Threads,
  first: number,
  start: number,
  text: string,
  pos: number,
): void {
  pending.length = 0
  pending.push(first)
  while (pending.length > 0) {
    const at = pending.pop()!
    const place = threads.places[at]!
    if (place < threads.count && threads.steps[place] === at) continue
    threads.places[at] = threads.count
    threads.steps[threads.count] = at
    threads.starts[threads.count++] = start
    const step = steps[at]!
    if (step.kind === 'split') pending.push(step.other, step.next)
    else if (step.kind === 'assert' && holds(step.what, text, pos)) pending.push(step.next)
  }
}

function holds(what: string, text: string, pos: number): boolean {
  if (what === '^') return pos === 0
  if (what === '$') return pos === text.length
  const isBoundary = isWord(text.charCodeAt(pos - 1)) !== isWord(text.charCodeAt(pos))
  return isBoundary === (what === '\\b')
}

/** NaN, which is what lies beyond the text, is no word. */
function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
  )
}

function asciiTable(accepts: RegExp): Uint8Array {
  return Uint8Array.from({ length: ASCII }, (_, code) => (accepts.test(String.fromCharCode(code)) ? 1 : 0))
}

/** The ASCII characters that a match can begin with: the others are passed over quickly. */
function openingTable(
  steps: readonly Step[],
  first: number,
  accepted: readonly (Uint8Array | null)[],
): Uint8Array {
  const table = new Uint8Array(ASCII)
  const seen = new Set<number>()
  const queue = [first]
  for (const at of queue) {
    if (seen.has(at)) continue
    seen.add(at)
    const step = steps[at]!
    if (step.kind === 'split') queue.push(step.next, step.other)
    else if (step.kind === 'assert') queue.push(step.next)
    else if (step.kind === 'one')
      for (let code = 0; code < ASCII; code++) table[code]! |= accepted[at]![code]!
  }
  return table
}
