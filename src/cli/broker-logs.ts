import { open, stat } from 'node:fs/promises'
import { tail } from '../brokers/process/tail.ts'
import { readState } from '../brokers/state.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import type { Output } from './output.ts'

const SHOWN_LINES = 50
const POLL_MS = 250
const READ_LIMIT_BYTES = 1024 * 1024

interface Followed {
  readonly label: string
  readonly file: string
  offset: number
}

/** The last lines of each node's log; with `follow` also what comes, until the signal aborts. */
export async function printLogs(
  names: readonly string[],
  options: { readonly follow: boolean },
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const files: Followed[] = []
  for (const name of names) {
    const state = readState(name)
    if (state === null) out.stderr(`${name}: is down, has no log`)
    for (const node of state?.nodes ?? []) files.push({ label: node.name, file: node.logFile, offset: 0 })
  }
  for (const followed of files) {
    followed.offset = await sizeOf(followed.file)
    const lines = tail(followed.file, SHOWN_LINES)
    if (lines !== '') for (const line of lines.split('\n')) out.stdout(`${followed.label}: ${line}`)
  }
  while (options.follow && files.length > 0 && !signal.aborted) {
    await Bun.sleep(POLL_MS)
    for (const followed of files) await printNew(followed, out)
  }
  return files.length === 0 ? EXIT.prepare : EXIT.ok
}

async function printNew(followed: Followed, out: Pick<Output, 'stdout' | 'stderr'>): Promise<void> {
  const size = await sizeOf(followed.file)
  // A log that became shorter was begun anew.
  if (size < followed.offset) followed.offset = 0
  const length = Math.min(size - followed.offset, READ_LIMIT_BYTES)
  if (length <= 0) return
  const handle = await open(followed.file, 'r')
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, followed.offset)
    // Only whole lines: the rest comes with the next look.
    const end = bytesRead === READ_LIMIT_BYTES ? bytesRead : buffer.lastIndexOf(0x0a, bytesRead - 1) + 1
    followed.offset += end
    const text = buffer.toString('utf8', 0, end).replace(/\n$/, '')
    if (end > 0) for (const line of text.split('\n')) out.stdout(`${followed.label}: ${line}`)
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0
}
