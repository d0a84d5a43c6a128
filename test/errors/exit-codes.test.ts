// Goal: exit codes keep their meaning. Method: the table itself, the order of gravity, and the README's table.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { EXIT, gravest } from '../../src/errors/exit-codes.ts'

test('of several findings the gravest decides', () => {
  expect(gravest([])).toBe(EXIT.ok)
  expect(gravest([EXIT.ok, EXIT.slo])).toBe(EXIT.slo)
  expect(gravest([EXIT.regression, EXIT.slo, EXIT.partial, EXIT.invalid, EXIT.violated])).toBe(EXIT.violated)
  expect(gravest([EXIT.partial, EXIT.invalid])).toBe(EXIT.invalid)
  expect(gravest([EXIT.slo, EXIT.partial])).toBe(EXIT.partial)
  expect(gravest([EXIT.prepare])).toBe(EXIT.prepare)
})

test('the README documents every code', async () => {
  const readme = await Bun.file(join(import.meta.dir, '../../README.md')).text()
  for (const code of Object.values(EXIT)) expect(readme).toMatch(new RegExp(`^\\|\\s*${code}\\s*\\|`, 'm'))
})
