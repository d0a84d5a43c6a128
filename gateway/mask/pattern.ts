import { messageOf } from '../../src/errors/app-error.ts'
import { PathFault } from './path-text.ts'

/** A regular expression of a rule. Both take time linear in the text. */
export interface Pattern {
  test(text: string): boolean
  /** `text` with `replacement` (taken literally) in place of every match; null when nothing matches. */
  replace(text: string, replacement: string): string | null
}

export function compilePattern(source: string, flags: string, offset = 0): Pattern {
  try {
    new RegExp(source, flags)
  } catch (error) {
    throw new PathFault(`expected a regular expression: ${messageOf(error)}`, offset)
  }
  const matcher = new RegExp(source, `${flags}u`)
  const global = new RegExp(source, `${flags}gu`)
  return {
    test: (text) => matcher.test(text),
    replace(text, replacement) {
      if (!matcher.test(text)) return null
      return text.replace(global, () => replacement)
    },
  }
}
