import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Problem } from './problem.ts'

/**
 * Finds the payload file of a workload: OMB's paths are relative to its own root, so the folders above the workload
 * file are searched too, then the current one. The file must hold exactly one message.
 */
export async function findPayloadFile(
  path: string,
  messageBytes: number,
  workloadFile: string,
  where: string,
): Promise<{ readonly file: string } | { readonly problem: Problem }> {
  for (const candidate of candidates(path, workloadFile)) {
    const stats = await stat(candidate).catch(() => null)
    if (stats === null || !stats.isFile()) continue
    if (stats.size === messageBytes) return { file: candidate }
    const what = `expected payloadFile of ${messageBytes} bytes (messageSize), got ${stats.size} in ${candidate}`
    return { problem: { where, what, hint: `set messageSize: ${stats.size}` } }
  }
  const what = `expected payloadFile to be there, got no file ${JSON.stringify(path)}`
  const hint = `looked in ${dirname(resolve(workloadFile))}, the folders above it, and the current folder`
  return { problem: { where, what, hint } }
}

/** The first place where a file is that a workload names; null: none. */
export async function findFile(path: string, workloadFile: string): Promise<string | null> {
  for (const candidate of candidates(path, workloadFile)) {
    const stats = await stat(candidate).catch(() => null)
    if (stats?.isFile()) return candidate
  }
  return null
}

function candidates(path: string, workloadFile: string): string[] {
  if (isAbsolute(path)) return [path]
  const files: string[] = []
  for (let folder = dirname(resolve(workloadFile)); ; folder = dirname(folder)) {
    files.push(resolve(folder, path))
    if (folder === dirname(folder)) break
  }
  files.push(resolve(path))
  return files
}
