/**
 * Says loudly why tests are not run here; `test/run-all.ts` repeats it at the end. Returns true, for
 * `test.skipIf(engine === null && skipLoudly('no container engine answers: start Docker'))`.
 */
export function skipLoudly(reason: string): true {
  console.log(`SKIPPED: ${reason}`)
  return true
}
