/** What a test run may do, and what is missing for it yet; null: nothing. */
export const RUN_TYPES = {
  fixed_rate: null,
  max_rate: null,
  search: null,
  ramp: null,
  backlog: { missing: 'backlog tests are not yet there', hint: 'remove this run' },
} as const satisfies Readonly<Record<string, { readonly missing: string; readonly hint: string } | null>>

export type RunType = keyof typeof RUN_TYPES
export const RUN_TYPE_NAMES = Object.keys(RUN_TYPES) as RunType[]
