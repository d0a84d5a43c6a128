import { guaranteeRows } from '../guarantees.ts'
import type { GuaranteeRow } from '../verdict/index.ts'
import type { ContestSide } from './contest.ts'

/** What the sides of a contest guarantee; what another program measured tells nothing of it, so it is not known. Pure. */
export function guaranteesOf(sides: readonly ContestSide[]): readonly GuaranteeRow[] {
  const rows = sides.map(({ source, side }) =>
    source.result === null || side.measured === null
      ? null
      : guaranteeRows({ sides: [side.measured], workload: source.result.workload }),
  )
  const names = rows.find((each) => each !== null)?.map(({ name }) => name) ?? []
  return names.map((name, i) => ({ name, values: rows.map((each) => each?.[i]?.values[0] ?? null) }))
}
