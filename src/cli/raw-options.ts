/**
 * cac turns values into numbers before we see them (`--label 0123` becomes 123, `--drivers 1e3` becomes 1000). These
 * readers take the text as it was typed. Both `--name value` and `--name=value`; a repeated option gives all its values.
 */
export function rawValues(rawArgs: readonly string[], name: string): string[] {
  const values: string[] = []
  const flag = `--${name}`
  for (let i = 0; i < rawArgs.length; i++) {
    const argument = rawArgs[i]!
    if (argument === '--') break
    if (argument.startsWith(`${flag}=`)) values.push(argument.slice(flag.length + 1))
    else if (argument === flag && i + 1 < rawArgs.length && !rawArgs[i + 1]!.startsWith('--')) {
      values.push(rawArgs[++i]!)
    }
  }
  return values
}

/** The last value of an option as typed, or undefined. */
export function rawValue(rawArgs: readonly string[], name: string): string | undefined {
  return rawValues(rawArgs, name).at(-1)
}
