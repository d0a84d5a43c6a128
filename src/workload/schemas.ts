import { z } from 'zod'
import { DRIVERS, type DriverEntry } from '../drivers/registry.ts'
import { commonFields } from './driver-file.ts'
import { type JsonSchema, jsonSchemaOf } from './schema-text.ts'
import { workloadSchema } from './workload-schema.ts'

export const SCHEMAS = ['workload', 'driver'] as const
export type SchemaName = (typeof SCHEMAS)[number]

/** The JSON Schema (draft 7, for editors) of a kind of file, as text with a newline at its end. */
export function schemaText(name: SchemaName, registry: readonly DriverEntry[] = DRIVERS): string {
  const schema = name === 'workload' ? jsonSchemaOf(workloadSchema) : driverSchema(registry)
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** A driver file is that of one of the drivers: the common fields beside its own. */
function driverSchema(registry: readonly DriverEntry[]): JsonSchema {
  const published = registry.filter((entry) => !entry.forTests)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'bench driver file',
    description: 'How one system is reached, and with which settings.',
    ...(published.length === 0 ? {} : { anyOf: published.map(driverBranch) }),
  } as JsonSchema
}

function driverBranch(entry: DriverEntry): JsonSchema {
  const { properties: common = {} } = jsonSchemaOf(z.strictObject(commonFields(entry.serverUrls)))
  const { $schema: _, ...own } = jsonSchemaOf(entry.configSchema) as JsonSchema & {
    $schema?: string
    required?: string[]
  }
  return {
    title: entry.name,
    ...own,
    properties: { ...common, driver: { ...common.driver, const: entry.name }, ...own.properties },
    required: ['driver', ...(own.required ?? [])],
  } as JsonSchema
}
