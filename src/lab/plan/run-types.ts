/** What a test run may do, and what is missing for it yet; null: nothing. */
export const RUN_TYPES = {
  fixed_rate: null,
  max_rate: {
    missing: 'sending as fast as it goes is not yet there',
    hint: 'use fixed_rate with several rates, and read which are held',
  },
  search: null,
  ramp: null,
  backlog: null,
} as const satisfies Readonly<Record<string, { readonly missing: string; readonly hint: string } | null>>

export type RunType = keyof typeof RUN_TYPES
export const RUN_TYPE_NAMES = Object.keys(RUN_TYPES) as RunType[]
