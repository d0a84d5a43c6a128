import type { ZodType } from 'zod'
import type { LabSystem } from '../../brokers/lab-system.ts'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { jsonSchemaOf } from '../../workload/schema-text.ts'
import { costsFileSchema } from '../costs/costs-file.ts'
import { priceTableSchema } from '../costs/price-schema.ts'
import { testPlanSchema } from '../plan/plan-schema.ts'
import { clusterSchema, infrastructureSchema } from './infrastructure-schema.ts'

/** Kinds of files of cloud experiments, beside `NAME-cluster` for each system. */
const SCHEMAS: Readonly<Record<string, ZodType>> = {
  'test-plan': testPlanSchema,
  prices: priceTableSchema,
  costs: costsFileSchema,
}

/** Names of the schemas of cloud experiments: those above, `infrastructure`, and `NAME-cluster` for each system. */
export function labSchemaNames(systems: readonly LabSystem[] = LAB_SYSTEMS): string[] {
  return [...Object.keys(SCHEMAS), 'infrastructure', ...systems.map(({ name }) => `${name}-cluster`)]
}

/** The JSON Schema of this name, as text with a newline at its end; null for a name it does not know. */
export function labSchemaText(name: string, systems: readonly LabSystem[] = LAB_SYSTEMS): string | null {
  const schema = schemaOf(name, systems)
  if (schema === null) return null
  return `${JSON.stringify(jsonSchemaOf(schema), null, 2)}\n`
}

function schemaOf(name: string, systems: readonly LabSystem[]): ZodType | null {
  if (Object.hasOwn(SCHEMAS, name)) return SCHEMAS[name]!
  if (name === 'infrastructure') return infrastructureSchema(systems)
  const system = systems.find((candidate) => name === `${candidate.name}-cluster`)
  return system === undefined ? null : clusterSchema(system)
}
