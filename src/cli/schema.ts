import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { labSchemaNames, labSchemaText } from '../lab/config/schemas.ts'
import { SCHEMAS, schemaText } from '../workload/schemas.ts'
import type { Output } from './output.ts'

/** Every kind of file that has a schema. */
export function schemaNames(): string[] {
  return [...SCHEMAS, ...labSchemaNames()]
}

/** The JSON Schema of a kind of file, as text with a newline at its end; null for a kind that is none. */
export function schemaTextOf(which: string): string | null {
  const name = SCHEMAS.find((known) => known === which)
  return name === undefined ? labSchemaText(which) : schemaText(name)
}

/** `bench schema NAME`: the JSON Schema for editors. Throws `AppError('USAGE')` for a name that is none. */
export function runSchema(which: string, out: Pick<Output, 'stdout'>): ExitCode {
  const text = schemaTextOf(which)
  if (text === null) {
    const names = schemaNames().join(', ')
    throw new AppError('USAGE', `expected a schema, one of ${names}, got ${JSON.stringify(which)}`)
  }
  out.stdout(text.trimEnd())
  return EXIT.ok
}
