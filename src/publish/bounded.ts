import { CONCURRENCY } from './limits.ts'

/**
 * Does the work for each item, a few at a time, begun in order. After a failure nothing more is begun; what is under way is
 * waited for, then the first failure is thrown.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  concurrency = CONCURRENCY,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const lane = async () => {
    for (const item of iterator) {
      if (failed) return
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane))
  const failure = lanes.find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
}
