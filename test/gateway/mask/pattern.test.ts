// Goal: the masker's own regular expressions find what JavaScript's would, and no text makes them slow. Method: random
// expressions and texts against the runtime's engine; expressions that are known to hang backtracking engines.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { PathFault } from '../../../gateway/mask/path-text.ts'
import { compilePattern, TOO_COSTLY } from '../../../gateway/mask/pattern.ts'

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '\\.', 'é', '\\b', 'x', '\\p{L}')
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?')
const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'node' },
    fc.tuple(atom, quantifier).map(([left, right]) => (left === '\\b' ? left : left + right)),
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => left + right),
    fc
      .tuple(tie('node'), tie('node'), quantifier)
      .map(([left, right, many]) => `(?:${left}|${right})${many}`),
    tie('node').map((inner) => `^${inner}`),
    tie('node').map((inner) => `${inner}$`),
  ),
})).node
const subject = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', '1', '.', ' ', 'x', '日', '😀'),
  maxLength: 12,
})

test('finds and replaces what the runtime does', () => {
  let compared = 0
  fc.assert(
    fc.property(expression, subject, fc.constantFrom('', 'i', 's'), (source, text, flags) => {
      let pattern: ReturnType<typeof compilePattern>
      try {
        pattern = compilePattern(source, flags)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(PathFault)
        return
      }
      compared++
      expect(pattern.test(text)).toBe(new RegExp(source, `${flags}u`).test(text))
      const wanted = text.replace(new RegExp(source, `${flags}gu`), () => '$&')
      expect(pattern.replace(text, '$&') ?? text).toBe(wanted)
    }),
    { numRuns: 3000, seed: 5 },
  )
  expect(compared).toBeGreaterThan(500)
})

test('no expression is slow: work grows with the length of the text, not with its powers', () => {
  for (const source of ['(a+)+$x', '(a|aa)+x', '(.*a){10}x', '\\w+\\w+\\w+\\w+!']) {
    const pattern = compilePattern(source, '')
    const timeMs = (length: number): number => {
      const text = 'a'.repeat(length)
      const startMs = performance.now()
      expect(pattern.test(text)).toBe(false)
      return performance.now() - startMs
    }
    timeMs(2000)
    // A backtracking engine would not end here; squared growth would be 400 times the time.
    const small = Math.max(1, timeMs(1000))
    expect(timeMs(20_000)).toBeLessThan(small * 200)
  }
})

test('gives up where replacing would grow with the square of the text', () => {
  const pattern = compilePattern('a.*b|a', '')
  expect(pattern.replace('a'.repeat(60_000), '#')).toBe(TOO_COSTLY)
  expect(pattern.replace('a'.repeat(300), '#')).toBe('#'.repeat(300))
  expect(compilePattern('a', '').replace('a'.repeat(60_000), '#')).toBe('#'.repeat(60_000))
})

test('refuses what it cannot do, with the place', () => {
  const faultOf = (source: string, flags = ''): string => {
    try {
      compilePattern(source, flags, 10)
    } catch (thrown) {
      if (thrown instanceof PathFault) return `${thrown.offset}: ${thrown.message}`
    }
    return 'none'
  }
  expect(faultOf('(a)\\1')).toContain('13: regular expression: references to groups')
  expect(faultOf('(?=a)')).toContain('look-around')
  expect(faultOf('(?<!a)b')).toContain('look-around')
  expect(faultOf('a(b')).toContain('missing )')
  expect(faultOf('a)b')).toContain('unmatched )')
  expect(faultOf('[z-a]')).toContain('no character or class')
  expect(faultOf('a*')).toContain('at least one character')
  expect(faultOf('(a*)*b')).toContain('what is repeated must match at least one character')
  expect(faultOf('+a')).toContain('unexpected +')
  expect(faultOf('a{3,2}')).toContain('out of order')
  expect(faultOf('(a{1000}){1000}')).toContain('more than 2000 steps')
  expect(faultOf('a', 'g')).toContain("got 'g'")
})
