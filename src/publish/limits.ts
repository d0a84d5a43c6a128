/** Largest manifest or index that is read back from a destination: thousands of trials have a hundred bytes a file. */
export const MAX_STATE_BYTES = 32 * 1024 * 1024
/** Experiments of a site, and what an index says of them all; the oldest beyond are left out, and that is told. */
export const MAX_SITE_EXPERIMENTS = 10_000
export const MAX_INDEX_BYTES = 24 * 1024 * 1024
/** Experiments on a page of older ones; the first page holds up to twice as many. */
export const PAGE_EXPERIMENTS = 250
/** Most of what they say, as HTML: so that no page is above 1 MB, whatever the names. */
export const PAGE_ENTRY_BYTES = 350_000
/** Sides that one line of the index tells of; the rest is counted. */
export const MAX_ENTRY_SIDES = 12
/** Rates of a side that an index tells of. */
export const MAX_ENTRY_LOADS = 24
/** What the trend page draws, as JSON; the oldest experiments beyond are left out. */
export const MAX_TREND_BYTES = 750_000
/** Longest name, label or version that goes into an index. */
export const MAX_NAME_LENGTH = 120
/** Longest sentence that goes into an index. */
export const MAX_SENTENCE_LENGTH = 300
/** Requests to a destination at a time. */
export const CONCURRENCY = 8
/** Rounds in which a site is written anew because another publisher added to it meanwhile. */
export const MAX_SITE_ROUNDS = 5
/** Largest job summary of GitHub, all that a step has written included. */
export const MAX_SUMMARY_BYTES = 200_000
