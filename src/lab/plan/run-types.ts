/** What a test run may do. */
export const RUN_TYPE_NAMES = ['fixed_rate', 'max_rate', 'search', 'ramp', 'backlog'] as const
export type RunType = (typeof RUN_TYPE_NAMES)[number]
