import { countedWords } from '../compare/cells.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { benchHome } from '../result/experiment-folder.ts'
import { type ListedExperiment, listExperiments } from '../result/store.ts'
import { cloudExperiments, cloudLines } from './lab/list.ts'
import type { Output } from './output.ts'

export interface ListOptions {
  readonly json: boolean
  readonly quiet: boolean
}

/** `bench list`: one line an experiment, newest first; folders without a readable result say why. */
export async function runList(options: ListOptions, out: Output): Promise<ExitCode> {
  const home = benchHome()
  const cloud = await cloudExperiments(home)
  const isLocal = ({ id }: ListedExperiment) => cloud.every((each) => each.id !== id)
  const experiments = (await listExperiments(home)).filter(isLocal)
  if (options.json) out.stdout(JSON.stringify([...cloud, ...experiments.map(entryOf)]))
  else if (experiments.length + cloud.length === 0)
    out.stderr(`no experiment in ${home}; make one with: ./bench run workloads/poc.yaml`)
  else for (const line of [...cloudLines(cloud), ...linesOf(experiments)]) out.stdout(line)
  return EXIT.ok
}

function entryOf(experiment: ListedExperiment) {
  const { id, directory } = experiment
  if ('problem' in experiment) return { id, directory, problem: experiment.problem }
  const { workload, startedAt, partial } = experiment.result
  const sides = experiment.result.sides.map(({ label, trials }) => ({
    label,
    trials: trials.length,
    measurement:
      trials.length === 0 ? 'not run' : countedWords(trials.map((trial) => trial.verdict.measurement)),
    integrity: trials.length === 0 ? null : countedWords(trials.map((trial) => trial.verdict.integrity)),
  }))
  return { id, directory, workload: workload.name, startedAt, partial, sides }
}

function linesOf(experiments: readonly ListedExperiment[]): string[] {
  const idWidth = Math.max(...experiments.map(({ id }) => id.length))
  return experiments.map((experiment) => {
    const entry = entryOf(experiment)
    const start = entry.id.padEnd(idWidth)
    if ('problem' in entry) return `${start}  unreadable: ${entry.problem}`
    const sides = entry.sides.map(
      ({ label, measurement, integrity }) =>
        `${label} ${[measurement, integrity].filter(Boolean).join(' · ')}`,
    )
    return [
      start,
      entry.workload,
      sides.join(', '),
      entry.partial === null ? '' : `partial: ${entry.partial}`,
    ]
      .filter((part) => part !== '')
      .join('  ')
      .replaceAll(/\p{Cc}+/gu, ' ')
  })
}
