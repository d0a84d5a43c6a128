/** Real brokers and browsers take most of the time, and what they measure of themselves suffers from their own kind. */
const REAL_PARTS = /^test\/(broker|browser)\//

/**
 * What runs beside what: the quick jobs in one lane, those with real parts in another, each in the given order. One
 * core has one lane, quick jobs first: what is quick should fail first.
 */
export function lanesOf(names: readonly string[], cores: number): string[][] {
  const quick = names.filter((name) => !REAL_PARTS.test(name))
  const real = names.filter((name) => REAL_PARTS.test(name))
  const lanes = cores > 1 ? [quick, real] : [[...quick, ...real]]
  return lanes.filter((lane) => lane.length > 0)
}

/**
 * Runs the jobs of a lane one after the other, and the lanes beside each other. Results stand in the order of the
 * lanes. `run` should not reject: the rest of its lane would not run.
 */
export async function runLanes<Job, Result>(
  lanes: readonly (readonly Job[])[],
  run: (job: Job) => Promise<Result>,
): Promise<Result[]> {
  const runLane = async (lane: readonly Job[]) => {
    const results: Result[] = []
    for (const job of lane) results.push(await run(job))
    return results
  }
  return (await Promise.all(lanes.map(runLane))).flat()
}
