import type { IncomingBatch } from '../../driver/driver.ts'
import type { RecordRun } from './wire/record-scan.ts'

/** Messages of one partition as views into a fetch response. */
export function incomingRun(run: RecordRun, partition: number, acknowledge: () => void): IncomingBatch {
  const { buffer, starts, ends } = run
  return {
    count: run.count,
    value: (index) => buffer.subarray(starts[index]!, ends[index]!),
    partition: () => partition,
    redelivered: () => false,
    acknowledge,
  }
}

/** Messages of one partition that a client has already cut apart. */
export function incomingValues(
  values: readonly Uint8Array[],
  partition: number,
  acknowledge: () => void,
): IncomingBatch {
  return {
    count: values.length,
    value: (index) => values[index]!,
    partition: () => partition,
    redelivered: () => false,
    acknowledge,
  }
}
