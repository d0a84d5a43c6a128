import type { GuaranteeRow } from './types.ts'

/** `acks: all against 1` for every guarantee in which two sides, named by their places, differ. */
export function unequalGuarantees(rows: readonly GuaranteeRow[], first: number, second: number): string[] {
  return rows.flatMap(({ name, values }) => {
    const [one, other] = [values[first] ?? null, values[second] ?? null]
    return one === other ? [] : [`${name}: ${one ?? 'not known'} against ${other ?? 'not known'}`]
  })
}
