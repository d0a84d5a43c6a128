/**
 * Question: does a stall of the driver show in the percentiles, on the real clock?
 *
 * A fake driver acknowledges in 1 ms; its send() blocks the thread during [5,6), [10,11) and [15,16) s of 20 s at
 * 1,000 msg/s. Truth: 15 % of the messages wait up to 1 s, so publish p95 is 668 ms and p99 935 ms. The verdict must
 * not blame the generator.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ExperimentResult } from '../src/result/result.ts'

const TOLERANCE = 0.02
const EXPECTED_MS = { p95: 668, p99: 935 }

const folder = mkdtempSync(join(tmpdir(), 'bench-omission-'))
try {
  writeFileSync(
    join(folder, 'workload.yaml'),
    'name: omission\nmessageSize: 100\nproducerRate: 1000\nwarmupDurationSeconds: 0\ntestDurationSeconds: 20\n',
  )
  writeFileSync(
    join(folder, 'driver.yaml'),
    'name: stalling\ndriver: fake\nshape: log\nackDelayMs: 1\nblockedDuring: [[5, 6], [10, 11], [15, 16]]\n',
  )
  const main = join(resolve(import.meta.dir, '..'), 'src/cli/main.ts')
  const child = Bun.spawn(
    [process.execPath, main, 'run', join(folder, 'workload.yaml'), '--drivers', join(folder, 'driver.yaml')],
    { env: { ...process.env, BENCH_HOME: folder }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const exitCode = await child.exited
  const result: ExperimentResult = await Bun.file(join(folder, 'latest/result.json')).json()
  const trial = result.sides[0]!.trials[0]!
  const { publish, wokenLate, driverDelay } = trial.phases.measure.latencies
  let holds = trial.verdict.measurement !== 'invalid'
  for (const name of ['p95', 'p99'] as const) {
    const gotMs = publish.summary[name].us / 1000
    const within = Math.abs(gotMs / EXPECTED_MS[name] - 1) <= TOLERANCE
    holds &&= within
    console.log(
      `publish ${name}: ${gotMs.toFixed(1)} ms, expected ${EXPECTED_MS[name]} ms ± 2 %: ${within ? 'holds' : 'does NOT hold'}`,
    )
  }
  console.log(
    `woken late p99 ${wokenLate.summary.p99.us / 1000} ms, driver delay p99 ${driverDelay.summary.p99.us / 1000} ms`,
  )
  console.log(
    `verdict: ${trial.verdict.measurement} (${trial.verdict.measurementReasons.join('; ')}), exit code ${exitCode}`,
  )
  process.exitCode = holds ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
