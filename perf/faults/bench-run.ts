import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../../src/result/result.ts'

const ROOT = resolve(import.meta.dir, '../..')

/** Runs `bench run` with this workload in a home of its own, which is removed, and gives back its result. */
export async function benchRun(workload: string, options: readonly string[]): Promise<ExperimentResult> {
  const home = mkdtempSync(join(tmpdir(), 'bench-faults-'))
  try {
    const file = join(home, 'workload.yaml')
    writeFileSync(file, workload)
    const child = Bun.spawn(
      [process.execPath, join(ROOT, 'src/cli/main.ts'), 'run', file, ...options, '--quiet'],
      { cwd: ROOT, env: { ...process.env, BENCH_HOME: home }, stdio: ['ignore', 'ignore', 'inherit'] },
    )
    await child.exited
    const path = join(home, 'latest/result.json')
    return parseResult(await Bun.file(path).text(), path)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** The one trial of a side; throws where there is none. */
export function trialOf({ label, trials, error }: SideResult): TrialResult {
  const [trial] = trials
  if (trial === undefined) throw new Error(`expected a trial of ${label}, got ${error?.message}`)
  return trial
}

/** Prints sentences and whether they hold; at the end sets the exit code: 0 when all do. */
export function ledger() {
  let holds = true
  return {
    check(sentence: string, does: boolean): void {
      holds &&= does
      console.log(`${does ? 'holds        ' : 'does NOT hold'}  ${sentence}`)
    },
    end(): void {
      console.log(holds ? 'all of it holds' : 'not all of it holds')
      process.exitCode = holds ? 0 : 1
    },
  }
}
