import { lstat, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'

/**
 * Makes absolute links below `root` relative where their target was unpacked there too. Walks folder by folder: a
 * recursive listing would follow a link that leads out, and then links of the host would be changed.
 */
export async function pointLinksInto(root: string, folder = root): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await pointLinksInto(root, path)
    if (!entry.isSymbolicLink()) continue
    const target = await readlink(path)
    if (!isAbsolute(target) || !(await lstat(join(root, target)).catch(() => null))) continue
    await rm(path)
    await symlink(relative(dirname(path), join(root, target)), path)
  }
}
