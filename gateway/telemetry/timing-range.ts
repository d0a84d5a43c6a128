/** What a timing can hold: 1 µs to an hour with two digits (1 %); longer ones count as an hour. */
export const TIMING_RANGE = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 3_600_000_000,
  numberOfSignificantValueDigits: 2,
  bitBucketSize: 64,
} as const

/** Upper bounds of the Prometheus buckets, in µs. 5 ms, the acceptance limit, is one of them. */
export const BUCKET_BOUNDS_US: readonly number[] = [
  50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
  2_500_000, 5_000_000, 10_000_000,
]
