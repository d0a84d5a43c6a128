import { AppError } from '../errors/app-error.ts'

/** One entry of a properties text, escapes resolved. */
export interface JavaProperty {
  readonly key: string
  readonly value: string
  /** Line of the text on which the entry begins, counted from 1. */
  readonly line: number
}

interface LogicalLine {
  readonly text: string
  readonly line: number
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

/**
 * Reads text in the format of `java.util.Properties` (Java SE API, `Properties.load`): `#` and `!` comments, `=`, `:`
 * or white space between key and value, continued lines, `\t \n \r \f \uXXXX` escapes. Of two equal keys the later wins.
 * Throws `AppError('CONFIG')` naming the line of a broken `\u` escape.
 */
export function parseJavaProperties(text: string): Map<string, string> {
  return new Map(javaProperties(text).map(({ key, value }) => [key, value]))
}

/** As `parseJavaProperties`, but every entry in the order of the text, repeated keys included. */
export function javaProperties(text: string): JavaProperty[] {
  return logicalLines(text).map(({ text: logical, line }) => {
    const keyEnd = endOfKey(logical)
    const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(logical.slice(keyEnd))![0]
    return {
      key: resolveEscapes(logical.slice(0, keyEnd), line),
      value: resolveEscapes(logical.slice(keyEnd + separator.length), line),
      line,
    }
  })
}

/** Joins continued lines; drops blank ones and comments. A comment is never continued, and never continues. */
function logicalLines(text: string): LogicalLine[] {
  const lines: LogicalLine[] = []
  let parts: string[] = []
  let line = 1
  const end = () => {
    const joined = parts.join('')
    if (joined !== '') lines.push({ text: joined, line })
    parts = []
  }
  for (const [index, natural] of text.split(/\r\n|\n|\r/).entries()) {
    const trimmed = natural.replace(/^[ \t\f]+/, '')
    if (parts.length === 0) {
      if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue
      line = index + 1
    }
    const continued = /\\*$/.exec(trimmed)![0].length % 2 === 1
    parts.push(continued ? trimmed.slice(0, -1) : trimmed)
    if (!continued) end()
  }
  end()
  return lines
}

function endOfKey(logical: string): number {
  for (let at = 0; at < logical.length; at++) {
    if (logical[at] === '\\') at++
    else if (/[=: \t\f]/.test(logical[at]!)) return at
  }
  return logical.length
}

function resolveEscapes(text: string, line: number): string {
  return text.replace(/\\(u([0-9a-fA-F]{4})?|[\s\S])?/g, (_, character?: string, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (character === undefined) return ''
    if (character === 'u') throw brokenEscape(line)
    return ESCAPES[character] ?? character
  })
}

function brokenEscape(line: number): AppError {
  return new AppError('CONFIG', `properties text, line ${line}: expected four hexadecimal digits after \\u`, {
    hint: 'write a backslash itself as \\\\',
  })
}
