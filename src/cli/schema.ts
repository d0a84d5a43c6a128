import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { SCHEMAS, schemaText } from '../workload/schemas.ts'
import type { Output } from './output.ts'

/** `bench schema workload|driver`: the JSON Schema for editors. Throws `AppError('USAGE')` for another name. */
export function runSchema(which: string, out: Pick<Output, 'stdout'>): ExitCode {
  const name = SCHEMAS.find((known) => known === which)
  if (name === undefined) {
    throw new AppError('USAGE', `expected a schema of ${SCHEMAS.join(' or ')}, got ${JSON.stringify(which)}`)
  }
  out.stdout(schemaText(name).trimEnd())
  return EXIT.ok
}
