import { AppError } from '../../errors/app-error.ts'
import { nearest } from '../../errors/nearest.ts'
import { COMPARED_FIGURES, type ComparedFigure, type FigureUnit } from '../sources/index.ts'
import { list } from '../table.ts'

/** A limit on the change of a figure from the baseline. */
export interface Gate {
  /** As written, without spaces. */
  readonly text: string
  readonly figure: ComparedFigure
  /** `>` fails on a rise beyond the limit, `<` on a fall. */
  readonly operator: '>' | '<'
  readonly limit: /** 0.05 is +5 %. */
    | { readonly kind: 'relative'; readonly share: number }
    /** µs, or messages a second. */
    | { readonly kind: 'absolute'; readonly change: number }
}

const FORMS = `write FIGURE>+LIMIT or FIGURE<-LIMIT, for example 'publish.p99>+5%', 'e2e.p50>+2ms', 'rate.publish<-1%'`

/** Units of absolute limits, in base units. */
const UNITS: Readonly<Record<FigureUnit, Readonly<Record<string, number>>>> = {
  latency: { ms: 1_000, us: 1, µs: 1 },
  cpu: { ms: 1_000, us: 1, µs: 1 },
  rate: { 'msg/s': 1 },
  money: {},
}

interface Scanner {
  /** The next token after spaces, or an empty text where it does not match. */
  take(pattern: RegExp): string
  /** Says what was expected at a place: the next one, or where a token just taken began. */
  refuse(expected: string, taken?: string, hint?: string): AppError
}

/** Places count from 1 in the text as given. */
function scannerOf(text: string): Scanner {
  let offset = 0
  return {
    take: (pattern) => {
      offset += /^\s*/.exec(text.slice(offset))![0].length
      const found = pattern.exec(text.slice(offset))?.[0] ?? ''
      offset += found.length
      return found
    },
    refuse: (expected, taken = '', hint = FORMS) => {
      const at = offset - taken.length
      const rest = text.slice(at)
      const got = rest === '' ? 'the end' : JSON.stringify(rest)
      return new AppError(
        'USAGE',
        `--fail-on ${JSON.stringify(text)}, character ${at + 1}: expected ${expected}, got ${got}`,
        { hint },
      )
    },
  }
}

/** Reads one `--fail-on`. Throws `AppError('USAGE')` naming the place and what may stand there. */
export function parseGate(text: string): Gate {
  const scanner = scannerOf(text)
  const figure = figureAt(scanner)
  const operator = scanner.take(/^[<>]/)
  if (operator !== '>' && operator !== '<') {
    throw scanner.refuse('> or <', '', `quote it, since a shell takes > and < for itself; ${FORMS}`)
  }
  const expectedSign = operator === '>' ? '+' : '-'
  const sign = scanner.take(/^[+\-−]/)
  if (sign.replace('−', '-') !== expectedSign) {
    throw scanner.refuse(
      `${expectedSign} after ${operator}, since a limit is a change from the baseline`,
      sign,
    )
  }
  const digits = scanner.take(/^(?:\d+(?:\.\d*)?|\.\d+)/)
  const size = Number.parseFloat(digits)
  if (digits === '' || !Number.isFinite(size)) throw scanner.refuse('a number')
  const unit = scanner.take(/^\S+/)
  const signed = operator === '>' ? size : -size
  const shown = `${figure.name}${operator}${expectedSign}${digits}${unit}`
  if (unit === '%') {
    checkEnd(scanner)
    return { text: shown, figure, operator, limit: { kind: 'relative', share: signed / 100 } }
  }
  const factor = UNITS[figure.unit][unit]
  if (factor === undefined) {
    throw scanner.refuse(
      `a unit of ${figure.name}: ${['%', ...Object.keys(UNITS[figure.unit])].join(', ')}`,
      unit,
    )
  }
  checkEnd(scanner)
  return { text: shown, figure, operator, limit: { kind: 'absolute', change: signed * factor } }
}

function figureAt(scanner: Scanner): ComparedFigure {
  const name = scanner.take(/^[\w.]+/)
  const figure = COMPARED_FIGURES.find((each) => each.name === name)
  if (figure !== undefined) return figure
  const names = COMPARED_FIGURES.map((each) => each.name)
  const near = nearest(name, names)
  throw scanner.refuse(
    `a figure (${figureForms(names)})`,
    name,
    near === null ? FORMS : `did you mean ${near}; ${FORMS}`,
  )
}

/** `publish.p50|p95|…, cost`: names that share a first part are told together. */
function figureForms(names: readonly string[]): string {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const [group, key] = name.split('.') as [string, string?]
    groups.set(group, [...(groups.get(group) ?? []), ...(key === undefined ? [] : [key])])
  }
  return list([...groups].map(([group, keys]) => (keys.length === 0 ? group : `${group}.${keys.join('|')}`)))
}

function checkEnd(scanner: Scanner): void {
  const more = scanner.take(/^[\s\S]+/)
  if (more !== '') throw scanner.refuse('the end', more)
}
