// Goal: rules are read as written, in both forms, and what cannot be understood is refused with its place. Method: the
// deployed rules verbatim, the same as YAML, and a table of faults.
import { expect, test } from 'bun:test'
import type { MaskRule } from '../../../gateway/mask/rule.ts'
import { parseMaskRules, parseMaskRulesYaml } from '../../../gateway/mask/rules.ts'
import { AppError } from '../../../src/errors/app-error.ts'

const DEPLOYED =
  'mask-tenant-trace-resource|TRACES|REDACT_MASK|resource.attributes.tenant_id|##########|10|skip|true;' +
  'mask-tenant-trace-span|TRACES|REDACT_MASK|scopeSpans[*].spans[*].attributes.tenant_id|##########|11|skip|true;' +
  'mask-tenant-metrics-resource|METRICS|REDACT_MASK|resourcemetrics.resource.attributes.tenant_id|##########|10|skip|true;' +
  'drop-tenant-logs|LOGS|DROP|resourcelogs.resource.attributes.tenant_id||1|skip|true'

function faultOf(read: () => unknown): string {
  try {
    read()
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'CONFIG') return thrown.message
    throw thrown
  }
  return 'none'
}

test('the deployed rules load verbatim', () => {
  const rules = parseMaskRules(DEPLOYED)
  expect(rules.map((rule) => rule.id)).toEqual([
    'mask-tenant-trace-resource',
    'mask-tenant-trace-span',
    'mask-tenant-metrics-resource',
    'drop-tenant-logs',
  ])
  expect(rules[1]).toEqual({
    id: 'mask-tenant-trace-span',
    signal: 'TRACES',
    action: 'REDACT_MASK',
    path: 'scopeSpans[*].spans[*].attributes.tenant_id',
    replacement: '##########',
    priority: 11,
    onError: 'skip',
    enabled: true,
  })
  expect(parseMaskRules('')).toEqual([])
  expect(parseMaskRules(`${DEPLOYED};`)).toHaveLength(4)
})

test('YAML gives the same rules, as a list or under rules, with the same defaults', async () => {
  const yaml = (rules: readonly MaskRule[]): string => JSON.stringify({ rules })
  expect(await parseMaskRulesYaml(yaml(parseMaskRules(DEPLOYED)))).toEqual(parseMaskRules(DEPLOYED))
  const short = '- { id: a, signal: logs, action: hash, path: body }'
  expect(await parseMaskRulesYaml(short)).toEqual(parseMaskRules('a|LOGS|HASH|body||||'))
  expect(await parseMaskRulesYaml('')).toEqual([])
})

test('separators are written with a backslash, other backslashes stand for themselves', () => {
  const [rule] = parseMaskRules(String.raw`a|LOGS|REGEX_MASK|body["x\;y"] =~ /\d+\|\\|/|a\|b|1|skip|true`)
  expect(rule!.path).toBe(String.raw`body["x;y"] =~ /\d+|\|/`)
  expect(rule!.replacement).toBe('a|b')
})

test('a rule that cannot be understood is refused with its number and column', () => {
  const ok = 'ok|TRACES|DROP|spans.name||1|skip|true;'
  const faults: readonly [rules: string, message: string][] = [
    ['a|b', "mask rule 1 ('a'), column 3: expected 8 fields"],
    [`${ok}x|TRACES|REDACT_MASK|resource.atributes.x|#|1|skip|true`, 'did you mean attributes?'],
    [`${ok}x|TRACES|REDACT_MASK|resource.atributes.x|#|1|skip|true`, "mask rule 2 ('x'), column 70: "],
    ['x|TRACE|DROP|spans||1|skip|true', 'column 3: signal: '],
    ['x|TRACES|ERASE|spans.name||1|skip|true', 'column 10: action: '],
    ['x|TRACES|REDACT_MASK|spans.kind|#|1|skip|true', "column 28: 'kind' is no text"],
    ['x|TRACES|REDACT_MASK|spans|#|1|skip|true', "expected a field or attribute behind 'spans'"],
    ['x|TRACES|REDACT_MASK|spans.attributes|#|1|skip|true', 'attributes[*] for all'],
    ['x|TRACES|REDACT_MASK|spans.attributes["a|#|1|skip|true', 'expected "] behind the key'],
    ['x|TRACES|REDACT_MASK|spans.attributes.a[*].b|#|1|skip|true', "got '.b'"],
    ['x|TRACES|REDACT_MASK|logRecords.body|#|1|skip|true', "'logRecords' is nothing that a traces path has"],
    ['x|TRACES|REDACT_MASK|resource[*].attributes.a|#|1|skip|true', "'resource[*]' is nothing"],
    ['x|ALL|REDACT_MASK|spans.name|#|1|skip|true', 'metrics path'],
    ['x|TRACES|REGEX_MASK|spans.name|#|1|skip|true', 'expected =~/regular expression/'],
    ['x|TRACES|REGEX_MASK|spans.name =~ /a(/|#|1|skip|true', 'column 38: regular expression: missing )'],
    ['x|TRACES|REDACT_FILL|spans.name|##|1|skip|true', 'one printable ASCII character'],
    ['x|TRACES|DROP|spans.name|#|1|skip|true', 'DROP takes no replacement'],
    ['x|TRACES|DROP|spans.name||high|skip|true', 'priority: '],
    ['x|TRACES|DROP|spans.name||1|stop|true', 'onError: '],
    ['x|TRACES|DROP|spans.name||1|skip|yes', 'enabled: '],
    [`${ok}${ok}`, "mask rule 2: the id 'ok' is taken"],
  ]
  for (const [rules, message] of faults) expect(faultOf(() => parseMaskRules(rules))).toContain(message)
})

test('a fault in YAML comes with its line', async () => {
  const yaml = 'rules:\n  - id: a\n    signal: LOGS\n    action: DROP\n    path: bdy\n'
  const fault = await parseMaskRulesYaml(yaml).catch((thrown: unknown) => thrown)
  expect(fault).toBeInstanceOf(AppError)
  expect((fault as AppError).message).toContain('mask rule 1, line 5, path: ')
  for (const broken of ['rules: [', 'rules: 7', '- 7', '- { id: a, colour: red }']) {
    expect(await parseMaskRulesYaml(broken).catch((thrown: unknown) => thrown)).toBeInstanceOf(AppError)
  }
})
