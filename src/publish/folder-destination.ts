import { randomUUID } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { Destination, StoredFile } from './destination.ts'

/** Of files that are being written; a leftover of a killed publisher is never listed, served or taken for an artifact. */
const TEMPORARY = /^\.bench-[0-9a-f]{8}\.tmp$/

/** A folder on this machine; made when the first file is written. */
export function folderDestination(path: string, signal: AbortSignal): Destination {
  const at = (relative: string) => join(path, relative)
  return {
    shown: path,
    close: () => {},
    list: async (below) => {
      const found = new Map<string, StoredFile>()
      await collect(at(below), below, found)
      return found
    },
    folders: async () => {
      const entries = await entriesOf(path)
      return new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name))
    },
    read: async (relative, maxBytes) => {
      signal.throwIfAborted()
      try {
        const { size } = await stat(at(relative))
        if (size > maxBytes) throw tooLarge(at(relative), size, maxBytes)
        return await readFile(at(relative))
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return null
        throw error instanceof AppError ? error : await failure('read', at(relative), error)
      }
    },
    holds: async (relative, { sizeBytes }, content) => {
      if (sizeBytes !== content.length) return false
      const present = await readFile(at(relative)).catch(() => null)
      return present !== null && Buffer.compare(present, content) === 0
    },
    write: async (relative, content) => {
      signal.throwIfAborted()
      await replaceFile(at(relative), content)
    },
    remove: async (relative) => {
      signal.throwIfAborted()
      await rm(at(relative), { force: true }).catch(async (error) => {
        throw await failure('remove', at(relative), error)
      })
    },
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return []
    throw await failure('look into', folder, error)
  }
}

async function collect(folder: string, below: string, found: Map<string, StoredFile>): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    const relative = posix.join(below, entry.name)
    if (entry.isDirectory()) await collect(join(folder, entry.name), relative, found)
    else if (!TEMPORARY.test(entry.name)) {
      // Of a link the link itself: somebody made it, and it is not to be replaced unseen.
      const { size, mtimeMs } = await lstat(join(folder, entry.name))
      found.set(relative, { sizeBytes: size, tag: `${mtimeMs}-${size}` })
    }
  }
}

/** Without waiting for the disk, file by file: what is lost in a crash of the machine can be published again. */
async function replaceFile(path: string, content: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.bench-${randomUUID().slice(0, 8)}.tmp`)
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(content)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw await failure('write', path, error)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions of the folder, or choose another with --to',
  EPERM: 'check the permissions of the folder, or choose another with --to',
  EROFS: 'the disk is mounted read-only: choose another folder with --to',
  ENOTDIR: 'a file stands where a folder is expected: choose another with --to',
  EEXIST: 'a file stands where a folder is expected: choose another with --to',
  EISDIR: 'a folder stands where a file is expected: choose another with --to',
}

async function failure(verb: string, path: string, cause: unknown): Promise<AppError> {
  const code = (cause as { code?: string }).code ?? ''
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  const room = full ? `; ${await freeSpace(dirname(path))}` : ''
  return new AppError('STORAGE', `could not ${verb} ${path}: ${messageOf(cause)}${room}`, {
    hint: full
      ? 'make room, or choose another folder with --to; publishing again goes on where this ended'
      : (REASONS[code] ?? 'check the folder named by --to'),
    cause,
  })
}

async function freeSpace(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return `${Math.floor((bavail * bsize) / 1e6)} MB free in ${folder}`
  } catch {
    return `free space in ${folder} is unknown`
  }
}

function tooLarge(path: string, sizeBytes: number, maxBytes: number): AppError {
  return new AppError('CONFIG', `expected at most ${maxBytes} bytes in ${path}, got ${sizeBytes}`, {
    hint: 'it is not a file that bench wrote: choose another place with --to',
  })
}
