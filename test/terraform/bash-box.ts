import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommandOutput, runCommand } from '../../src/brokers/provision/index.ts'
import { ROOT } from './terraform.ts'

/** No script here takes longer. */
export const SCRIPT_LIMIT_MS = 30_000
/** Where the boot scripts lie. */
export const USER_DATA = join(ROOT, 'terraform/user-data')

/** A folder in which scripts run, with small programs that play what they call. */
export interface BashBox {
  readonly folder: string
  /** Runs bash text in the folder; `env` is added to ours, and stand-ins stand first in PATH. */
  bash(text: string, env?: Readonly<Record<string, string>>): Promise<CommandOutput>
  /** Makes a program of this name out of bash text. */
  standIn(name: string, text: string): void
  /** Takes such programs away again. */
  standBack(names: readonly string[]): void
  /** A file below the folder. */
  read(...parts: string[]): string
  remove(): void
}

export function bashBox(): BashBox {
  const folder = mkdtempSync(join(tmpdir(), 'bench-scripts-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const signal = new AbortController().signal
  return {
    folder,
    bash: (text, env = {}) =>
      runCommand(
        {
          command: 'bash',
          args: ['-c', text],
          env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ...env },
          cwd: folder,
          limitMs: SCRIPT_LIMIT_MS,
        },
        signal,
      ),
    standIn: (name, text) => writeProgram(join(bin, name), text),
    standBack: (names) => {
      for (const name of names) rmSync(join(bin, name), { force: true })
    },
    read: (...parts) => readFileSync(join(folder, ...parts), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Writes bash text as a program. */
export function writeProgram(file: string, text: string): void {
  writeFileSync(file, `#!/bin/bash\n${text}\n`)
  chmodSync(file, 0o755)
}
