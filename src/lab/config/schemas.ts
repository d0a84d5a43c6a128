import type { LabSystem } from '../../brokers/lab-system.ts'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { jsonSchemaOf } from '../../workload/schema-text.ts'
import { clusterSchema, infrastructureSchema } from './infrastructure-schema.ts'

/** Names of the schemas of cloud experiments: `infrastructure`, and `NAME-cluster` for each system. */
export function labSchemaNames(systems: readonly LabSystem[] = LAB_SYSTEMS): string[] {
  return ['infrastructure', ...systems.map(({ name }) => `${name}-cluster`)]
}

/** The JSON Schema of this name, as text with a newline at its end; null for a name it does not know. */
export function labSchemaText(name: string, systems: readonly LabSystem[] = LAB_SYSTEMS): string | null {
  const system = systems.find((candidate) => name === `${candidate.name}-cluster`)
  if (system === undefined && name !== 'infrastructure') return null
  const schema = system === undefined ? infrastructureSchema(systems) : clusterSchema(system)
  return `${JSON.stringify(jsonSchemaOf(schema), null, 2)}\n`
}
