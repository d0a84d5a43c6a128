/** A file of an archive. */
export interface TarFile {
  /** Below the archive's root, with `/`; at most 100 bytes, or 255 where a `/` parts them well. */
  readonly path: string
  readonly content: Uint8Array
  readonly isExecutable: boolean
}

const BLOCK = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155

/**
 * A tar archive (POSIX ustar). Times and owners are none, so that the same files always give the same bytes. Throws
 * `RangeError` for a path that the format cannot hold.
 */
export function tarOf(files: readonly TarFile[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const { path, content, isExecutable } of files) {
    parts.push(headerOf(path, content.length, isExecutable), content)
    const rest = content.length % BLOCK
    if (rest > 0) parts.push(new Uint8Array(BLOCK - rest))
  }
  parts.push(new Uint8Array(2 * BLOCK))
  return Buffer.concat(parts)
}

function headerOf(path: string, sizeBytes: number, isExecutable: boolean): Uint8Array {
  const header = Buffer.alloc(BLOCK)
  const { name, prefix } = splitPath(path)
  const octal = (value: number, offset: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1')
  header.write(name, 0, 'utf8')
  octal(isExecutable ? 0o755 : 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  header.write('        0', 148, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(prefix, 345, 'utf8')
  // The sum of all bytes, its own field counted as spaces.
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' }
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
    if (Buffer.byteLength(prefix) > PREFIX_BYTES) break
    if (Buffer.byteLength(name) <= NAME_BYTES) return { name, prefix }
  }
  throw new RangeError(`expected a path that a tar archive can hold, got ${path}`)
}
