import type { Environment } from './settings.ts'
import { VARIABLES } from './variables.ts'

export interface PrintedVariable {
  readonly name: string
  /** As it would stand in the environment; null: unset. Secrets: `(set)`. */
  readonly value: string | null
  readonly source: 'environment' | 'default'
  readonly about: string
}

/** What `--print-config` shows, in the order of the table. */
export function printedVariables(environment: Environment): PrintedVariable[] {
  return Object.entries(VARIABLES).map(([name, variable]) => {
    const given = environment[name]?.trim()
    const isGiven = given !== undefined && given !== ''
    const value = isGiven ? ('secret' in variable ? '(set)' : given) : variable.default
    return { name, value, source: isGiven ? 'environment' : 'default', about: variable.about }
  })
}

/** Lines of an env file: each variable under a comment that explains it; unset ones are commented out. */
export function toEnvironmentFile(variables: readonly PrintedVariable[]): string {
  return variables
    .map(({ name, value, source, about }) => {
      const mark = source === 'environment' ? '' : ' [default]'
      return `# ${about}${mark}\n${value === null ? `# ${name}=` : `${name}=${value}`}\n`
    })
    .join('')
}
