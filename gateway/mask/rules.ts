import { AppError } from '../../src/errors/app-error.ts'
import { SIGNALS, type Signal } from '../../src/otlp/signal.ts'
import { resolveWays } from './path.ts'
import { PathFault, parsePath } from './path-text.ts'
import { compilePattern } from './pattern.ts'
import { MAX_RULES, type MaskRule, maskRuleSchema } from './rule.ts'

// The two ways to write rules: one line (`GATEWAY_MASKING_RULES`) and YAML. Both end in `checkRule`.

const FIELDS = ['id', 'signal', 'action', 'path', 'replacement', 'priority', 'onError', 'enabled'] as const
type FieldName = (typeof FIELDS)[number]
/** Fields that may be left empty, and then have their default. */
const OPTIONAL: readonly FieldName[] = ['replacement', 'priority', 'onError', 'enabled']

/** Where each field of a rule was written: prefix of the message for a fault `offset` characters into it. */
type Where = (field: FieldName, offset: number) => string

interface WrittenField {
  readonly text: string
  /** Column (from 1) of each character of `text` in the rules. */
  readonly columns: readonly number[]
}

/**
 * Rules written in one line: `id|SIGNAL|ACTION|path|replacement|priority|onError|enabled`, separated by `;`. A `|` or `;`
 * of a field is written `\|`, `\;`; every other backslash stands for itself. Fields but the replacement are trimmed.
 * Throws AppError CONFIG with the rule's number and the column.
 */
export function parseMaskRules(text: string): MaskRule[] {
  const rules: MaskRule[] = []
  for (const [index, fields] of splitRules(text).entries()) {
    if (fields.length === 1 && fields[0]!.text.trim() === '') continue
    rules.push(readRule(index + 1, fields))
  }
  return checkSet(rules)
}

function splitRules(text: string): WrittenField[][] {
  let characters = ''
  let columns: number[] = []
  let fields: WrittenField[] = []
  const rules = [fields]
  const endField = (column: number): void => {
    fields.push({ text: characters, columns: [...columns, column] })
    characters = ''
    columns = []
  }
  for (let at = 0; at < text.length; at++) {
    const isEscape = text[at] === '\\' && (text[at + 1] === '|' || text[at + 1] === ';')
    if (!isEscape && (text[at] === '|' || text[at] === ';')) {
      endField(at + 1)
      if (text[at] === ';') {
        fields = []
        rules.push(fields)
      }
      continue
    }
    if (isEscape) at++
    characters += text[at]
    columns.push(at + 1)
  }
  endField(text.length + 1)
  return rules
}

function readRule(number: number, fields: readonly WrittenField[]): MaskRule {
  const first = fields[0]!
  const where: Where = (name, offset) => {
    const field = fields[FIELDS.indexOf(name)] ?? fields.at(-1)!
    const lead = name === 'replacement' ? 0 : field.text.length - field.text.trimStart().length
    const column = field.columns[Math.min(lead + offset, field.columns.length - 1)]
    return `mask rule ${number} ('${first.text.trim()}'), column ${column}: `
  }
  if (fields.length !== FIELDS.length) {
    const name = FIELDS[Math.min(fields.length, FIELDS.length) - 1]!
    throw fault(`${where(name, 0)}expected 8 fields (${FIELDS.join('|')}), got ${fields.length}`)
  }
  const written: Record<string, unknown> = {}
  for (const [index, name] of FIELDS.entries()) {
    const text = name === 'replacement' ? fields[index]!.text : fields[index]!.text.trim()
    if (text === '' && OPTIONAL.includes(name)) continue
    written[name] = typed(name, text)
  }
  return checkRule(written, where)
}

/** What the text of a number or truth value means; anything else is left for the schema to refuse. */
function typed(name: FieldName, text: string): unknown {
  if (name === 'priority' && /^\d{1,9}$/.test(text)) return Number(text)
  if (name === 'enabled' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}

/**
 * Rules as YAML: a list, or a map with the list under `rules`, of maps with the fields of `MaskRule`. A regular
 * expression is part of the path, as in the one-line form, without its escaping. Throws AppError CONFIG with the
 * rule's number and line.
 */
export async function parseMaskRulesYaml(text: string): Promise<MaskRule[]> {
  const { isMap, isSeq, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (broken !== undefined) throw fault(`mask rules: ${broken.message.split('\n')[0]}`)
  const root = document.contents
  const list = isMap(root) ? root.get('rules', true) : root
  if (list === null || list === undefined) return []
  if (!isSeq(list)) throw fault('mask rules: expected a list of rules, or a map with the list under rules')
  const rules = list.items.map((item, index) => {
    const where: Where = (name) => {
      const value = isMap(item) ? item.get(name, true) : undefined
      const offset = (value ?? (item as { range?: readonly number[] })).range?.[0] ?? 0
      return `mask rule ${index + 1}, line ${lines.linePos(offset).line}, ${name}: `
    }
    return checkRule((item as { toJS: (doc: unknown) => unknown }).toJS(document), where)
  })
  return checkSet(rules)
}

function checkRule(written: unknown, where: Where): MaskRule {
  const parsed = maskRuleSchema.safeParse(written)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const name = (FIELDS.find((field) => field === issue.path[0]) ?? 'id') as FieldName
    const got = (written as Record<string, unknown> | null)?.[name]
    throw fault(
      `${where(name, 0)}${name}: ${issue.message}${got === undefined ? '' : `, got '${String(got)}'`}`,
    )
  }
  const rule = parsed.data
  try {
    checkPath(rule)
  } catch (thrown) {
    if (thrown instanceof PathFault) throw fault(`${where('path', thrown.offset)}${thrown.message}`)
    throw thrown
  }
  const wrong = replacementFault(rule)
  if (wrong !== null) throw fault(`${where('replacement', 0)}${wrong}`)
  return rule
}

function checkPath(rule: MaskRule): void {
  const path = parsePath(rule.path)
  if (path.pattern !== null) compilePattern(path.pattern.source, path.pattern.flags, path.pattern.offset)
  else if (rule.action === 'REGEX_MASK') {
    throw new PathFault('expected =~/regular expression/ behind the path of REGEX_MASK', rule.path.length)
  }
  for (const signal of signalsOf(rule)) {
    for (const way of resolveWays(signal, path)) checkEnd(rule, way.at(-1)!, path)
  }
}

function signalsOf(rule: MaskRule): readonly Signal[] {
  return rule.signal === 'ALL' ? SIGNALS : SIGNALS.filter((signal) => signal === rule.signal.toLowerCase())
}

function checkEnd(
  rule: MaskRule,
  end: { name: string; kind: string; message: string | null },
  path: ReturnType<typeof parsePath>,
): void {
  const offset = path.segments.at(-1)!.offset
  if (end.message === 'AnyValue') return
  if (end.message === 'KeyValue') {
    if (path.value.length > 0) return
    throw new PathFault(
      `expected a key: ${end.name}.KEY, ${end.name}["key"] or ${end.name}[*] for all`,
      offset,
    )
  }
  if (end.kind === 'text') return
  if (end.message !== null && rule.action === 'DROP' && path.pattern === null) return
  throw new PathFault(
    end.message === null
      ? `'${end.name}' is no text: only texts, attributes and bodies can be masked`
      : `expected a field or attribute behind '${end.name}'`,
    offset,
  )
}

function replacementFault(rule: MaskRule): string | null {
  const { action, replacement } = rule
  if (action === 'REDACT_FILL') {
    return /^[\x20-\x7e]$/.test(replacement) ? null : 'expected one printable ASCII character for REDACT_FILL'
  }
  const takesText = action === 'REDACT_MASK' || action === 'REGEX_MASK'
  return takesText || replacement === '' ? null : `${action} takes no replacement, got '${replacement}'`
}

function checkSet(rules: MaskRule[]): MaskRule[] {
  if (rules.length > MAX_RULES) throw fault(`mask rules: expected at most ${MAX_RULES}, got ${rules.length}`)
  const seen = new Set<string>()
  for (const [index, { id }] of rules.entries()) {
    if (seen.has(id)) throw fault(`mask rule ${index + 1}: the id '${id}' is taken by an earlier rule`)
    seen.add(id)
  }
  return rules
}

function fault(message: string): AppError {
  return new AppError('CONFIG', message, { hint: 'gateway/mask/README.md tells how rules are written' })
}
