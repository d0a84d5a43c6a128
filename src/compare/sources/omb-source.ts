import { basename } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { OmbRun } from './omb-result.ts'
import type { Source, SourceSide } from './source.ts'

/** A result file of the OpenMessaging Benchmark that was read. */
export interface OmbFile {
  readonly file: string
  readonly run: OmbRun
}

/**
 * Runs of one workload as a source: those of one driver are the trials of a side, in the order given. Pure. Throws
 * `AppError('CONFIG')` when the workloads differ: such runs are no trials of one another.
 */
export function ombSource(files: readonly OmbFile[], name: string, digest: string): Source {
  const [first] = files
  for (const { file, run } of files) checkSameWorkload(first!, file, run)
  const drivers = [...new Set(files.map(({ run }) => run.driver))]
  return {
    name,
    title:
      files.length === 1 ? basename(first!.file) : `${basename(first!.file)} and ${files.length - 1} more`,
    kind: 'omb',
    files: files.map(({ file }) => file),
    digest,
    workload: first!.run.workload,
    startedAt: null,
    facts: first!.run.facts,
    environment: {},
    strict: false,
    partial: null,
    sides: drivers.map((driver) => sideOf(driver, files)),
    result: null,
  }
}

function sideOf(driver: string, files: readonly OmbFile[]): SourceSide {
  const own = files.filter(({ run }) => run.driver === driver)
  return {
    label: driver,
    driver,
    trials: own.map(({ run }, place) => ({ ...run.trial, place })),
    measured: null,
    notes: own.flatMap(({ file, run }) => run.notes.map((note) => `${driver}, ${basename(file)}: ${note}.`)),
  }
}

function checkSameWorkload({ file: firstFile, run: first }: OmbFile, file: string, run: OmbRun): void {
  const differing = Object.keys(first.facts).filter((fact) => first.facts[fact] !== run.facts[fact])
  if (differing.length === 0) return
  const values = differing.map((fact) => `${fact} ${run.facts[fact]} instead of ${first.facts[fact]}`)
  throw new AppError(
    'CONFIG',
    `expected runs of one workload, got in ${file}: ${values.join(', ')}, as ${firstFile} has it`,
    { hint: 'give the runs of one workload, or compare them as two: bench compare A.json B.json' },
  )
}
