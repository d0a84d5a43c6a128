import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError } from '../../errors/app-error.ts'
import { writeFileAtomic } from '../../result/atomic-file.ts'
import { PRODUCT_FOLDER } from '../../workload/product-folder.ts'
import { type TarFile, tarOf } from './tar.ts'

/** What bench needs in order to run somewhere else; its packages come by the lockfile. */
const FILES = ['bench', 'package.json', 'bun.lock', 'bunfig.toml', 'LICENSE']
const FOLDERS = ['gateway', 'schemas', 'src', 'templates', 'workloads']
/** Kinds of files that are ours: what else lies there may be anybody's secret. */
const KINDS = /\.(ts|js|json|yaml|hbs|css|env)$/
const MAX_FILES = 10_000
const MAX_BYTES = 64 * 1024 * 1024

/** An archive that was written. */
export interface BenchArchive {
  readonly file: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly files: number
}

/**
 * Writes bench itself as a .tar.gz, from a checkout or an installed copy: sources and lockfile, neither packages nor
 * history, nothing hidden. The same sources give the same bytes. Throws `AppError('STORAGE')`.
 */
export async function writeBenchArchive(file: string, root: string = PRODUCT_FOLDER): Promise<BenchArchive> {
  const paths = [...FILES]
  for (const folder of FOLDERS) await walk(root, folder, paths)
  const files: TarFile[] = []
  let sizeBytes = 0
  for (const path of paths.toSorted()) {
    const read = await fileOf(root, path)
    if (read === null) continue
    files.push(read)
    sizeBytes += read.content.length
    if (files.length > MAX_FILES || sizeBytes > MAX_BYTES) throw tooLarge(root)
  }
  // The header of zlib holds no time.
  const packed = await promisify(gzip)(tarOf(files), { level: 6 })
  await writeFileAtomic(file, packed)
  const sha256 = createHash('sha256').update(packed).digest('hex')
  return { file, sha256, sizeBytes: packed.length, files: files.length }
}

async function walk(root: string, folder: string, paths: string[]): Promise<void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) await walk(root, path, paths)
    else if (entry.isFile() && KINDS.test(entry.name)) paths.push(path)
  }
}

async function fileOf(root: string, path: string): Promise<TarFile | null> {
  const file = join(root, path)
  const stats = await lstat(file).catch(() => null)
  if (stats === null && path === 'LICENSE') return null
  if (stats === null || !stats.isFile()) {
    throw new AppError('STORAGE', `expected ${path} of bench in ${root}, found none`, {
      hint: 'is the copy of bench complete? install it again',
    })
  }
  return { path, content: await readFile(file), isExecutable: (stats.mode & 0o100) !== 0 }
}

function tooLarge(root: string): AppError {
  const what = `expected bench of at most ${MAX_FILES} files and ${MAX_BYTES / 1024 / 1024} MB in ${root}, got more`
  return new AppError('STORAGE', what, {
    hint: `something large lies in ${FOLDERS.join(', ')}: move it away`,
  })
}
