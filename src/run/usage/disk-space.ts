import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Of `st_blocks`, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512
/** Beyond it a folder is not counted: looking would take longer than measuring. */
const MAX_FILES = 50_000

/**
 * Disk that the files below these folders take up, in bytes: blocks given to them, holes not. Files that go meanwhile
 * count as gone. Null when there are too many files, or a folder cannot be read.
 */
export async function diskSpace(folders: readonly string[]): Promise<number | null> {
  const waiting = [...folders]
  let bytes = 0
  let files = 0
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const isRoot = folders.includes(folder)
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => null)
    if (entries === null && isRoot) return null
    files += entries?.length ?? 0
    if (files > MAX_FILES) return null
    for (const entry of entries ?? []) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if (entry.isFile()) bytes += (await lstat(path).catch(() => null))?.blocks ?? 0
    }
  }
  return bytes * BLOCK_BYTES
}
