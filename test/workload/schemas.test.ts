// Goal: the JSON Schemas in schemas/ are those of the code, and say the same as the reader. Method: regenerate and
// compare; check the shape that editors need; hold the reference in docs against the fields.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { runSchema, schemaNames, schemaTextOf } from '../../src/cli/schema.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { schemaText } from '../../src/workload/schemas.ts'
import { readableWorkloadSchema, workloadSchema } from '../../src/workload/workload-schema.ts'
import { testRegistry } from './test-entry.ts'

const repository = (path: string) => readFileSync(resolve(PRODUCT_FOLDER, path), 'utf8')

describe('schemas', () => {
  test.each(schemaNames())('schemas/%s.schema.json is up to date', (name) => {
    if (repository(`schemas/${name}.schema.json`) !== schemaTextOf(name)) {
      throw new Error(`schemas/${name}.schema.json is out of date: npm run schemas`)
    }
  })

  test('a workload: draft 7, closed, only what cannot be missing is required, every field described', () => {
    const schema = JSON.parse(schemaText('workload'))
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      additionalProperties: false,
    })
    expect(schema.required).toEqual(['messageSize'])
    for (const [key, field] of Object.entries<{ description?: string }>(schema.properties)) {
      expect(`${key}: ${field.description ?? ''}`).toMatch(/: [A-Z].*\.$/)
    }
  })

  test('a driver file: one branch a driver, with its fields and the common ones', () => {
    const { anyOf } = JSON.parse(schemaText('driver', testRegistry))
    expect(anyOf).toHaveLength(2)
    expect(anyOf[0]).toMatchObject({ title: 'demo', additionalProperties: false, required: ['driver'] })
    expect(anyOf[0].properties).toMatchObject({
      driver: { const: 'demo' },
      servers: { type: 'array' },
      lingerMs: { type: 'integer', maximum: 1000 },
    })
  })

  test('the verb prints one, or says which there are', () => {
    let output = ''
    expect(runSchema('workload', { stdout: (line) => (output += `${line}\n`) })).toBe(0)
    expect(JSON.parse(output).title).toBe('bench workload')
    expect(() => runSchema('plan', { stdout: () => {} })).toThrow(
      /expected a schema, one of workload, driver, .*, got "plan"/,
    )
  })
})

describe('the reference in docs/workloads.md', () => {
  test('names every field, those to come included, and no other', () => {
    const [, section = ''] = repository('docs/workloads.md').split(/^## .*$/m)
    const rows = section.matchAll(/^\| `(\w+)` +\|/gm)
    const documented = [...rows].map(([, key]) => key!).sort()
    expect(documented).toEqual(Object.keys(readableWorkloadSchema.shape).sort())
    expect(documented).toEqual(Object.keys(workloadSchema.shape).sort())
  })
})
