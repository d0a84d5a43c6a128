import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, messageOf } from '../errors/app-error.ts'

/**
 * Writes a file so that readers see the older one or the whole new one, never a part, not after a crash either. Makes the folder.
 * On failure the older file is intact, nothing half-written stays, and `AppError('STORAGE')` names the path and, when
 * the disk is full, how much room is left.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw await storageError(`write ${path}`, path, error)
  }
}

/** `AppError('STORAGE')` for a failed file operation; `what` completes "could not …". */
export async function storageError(what: string, path: string, cause: unknown): Promise<AppError> {
  const code = (cause as { code?: string }).code
  const room = code === 'ENOSPC' || code === 'EDQUOT' ? `; ${await freeSpaceText(dirname(path))}` : ''
  return new AppError('STORAGE', `could not ${what}: ${messageOf(cause)}${room}`, {
    hint:
      room === ''
        ? 'check that the folder is there and writable, or choose another with BENCH_HOME'
        : 'make room, or choose another disk with BENCH_HOME',
    cause,
  })
}

async function freeSpaceText(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return `${Math.floor((bavail * bsize) / 1e6)} MB free in ${folder}`
  } catch {
    return `free space in ${folder} is unknown`
  }
}
