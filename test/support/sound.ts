import { expect } from 'bun:test'
import type { ExperimentResult } from '../../src/result/result.ts'
import type { Finished } from './bench.ts'

/**
 * What a machine shared with other work may do to a measurement: make the generator late. Anything else that makes a
 * trial invalid fails the test. Returns whether some trial was late.
 */
export function expectOnlyLate(result: ExperimentResult): boolean {
  const invalid = result.sides
    .flatMap((side) => side.trials)
    .filter((trial) => trial.verdict.measurement === 'invalid')
  for (const trial of invalid)
    expect(trial.verdict.measurementReasons[0]).toStartWith('the generator itself was late')
  return invalid.length > 0
}

/** Ended with 0, or with 6 for the one reason that a busy machine gives; every side ran and kept its promises. */
export function expectSound(finished: Finished, result: ExperimentResult): void {
  const late = expectOnlyLate(result)
  expect(finished).toMatchObject({ exitCode: late ? 6 : 0 })
  for (const side of result.sides) {
    expect(side.error).toBeNull()
    for (const trial of side.trials) expect(trial.verdict.integrity).toBe('intact')
  }
}
