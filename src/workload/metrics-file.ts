import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Plan } from './model.ts'
import { configError, type Problem } from './problem.ts'
import { displayPath } from './product-folder.ts'

type Found = { readonly found: NonNullable<Plan['metrics']> } | { readonly problem: Problem }

/** Finds the module of custom figures that a workload names; its path counts from the workload file. */
export function findMetricsFile(path: string, workloadFile: string, where: string): Promise<Found> {
  return find(resolve(dirname(resolve(workloadFile)), path), path, where)
}

/** The module that `--metrics` names, by its path from the current folder. Throws `AppError('CONFIG')`. */
export async function metricsModule(path: string): Promise<NonNullable<Plan['metrics']>> {
  const result = await find(resolve(path), path, '--metrics')
  if ('problem' in result) throw configError([result.problem])
  return result.found
}

async function find(file: string, path: string, where: string): Promise<Found> {
  const stats = await stat(file).catch(() => null)
  if (stats?.isFile() === true) return { found: { file, shown: displayPath(file) } }
  const got = stats === null ? 'no file' : 'something else than a file'
  const what = `expected metrics to be a module of custom figures, got ${got} ${JSON.stringify(path)}`
  return { problem: { where, what, hint: `looked for ${file}` } }
}
