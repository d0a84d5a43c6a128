/** One value for each field of a matrix, by the field's name in the plan; names in order of the alphabet. */
export type Combination = ReadonlyMap<string, unknown>

export type Matrix = ReadonlyMap<string, readonly unknown[]>

/** Every combination of the matrix that no exclusion matches, the last field changing fastest. */
export function combinations(matrix: Matrix, exclusions: readonly Combination[]): Combination[] {
  const fields = [...matrix].toSorted(([a], [b]) => (a < b ? -1 : 1))
  let partial: Map<string, unknown>[] = [new Map()]
  for (const [field, values] of fields) {
    partial = partial.flatMap((start) => values.map((value) => new Map([...start, [field, value]])))
  }
  return partial.filter((combination) => !exclusions.some((exclusion) => matches(combination, exclusion)))
}

/** Combinations before exclusions; exact up to 2^53, and no memory is taken. */
export function combinationCount(matrix: Matrix): number {
  return [...matrix.values()].reduce((product, values) => product * values.length, 1)
}

function matches(combination: Combination, exclusion: Combination): boolean {
  return [...exclusion].every(([field, value]) => combination.get(field) === value)
}

/** `message_size=100, topics=4`. */
export function combinationText(combination: Combination): string {
  return [...combination].map(([field, value]) => `${field}=${value}`).join(', ')
}
