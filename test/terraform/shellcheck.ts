import { join } from 'node:path'
import { debianPackages, runCommand } from '../../src/brokers/provision/index.ts'

const LIMIT_MS = 120_000

/** Runs shellcheck over files (of the machine, else of Debian's package in the cache); returns what it objects to. */
export type Shellcheck = (files: readonly string[], cwd: string) => Promise<string>

/** shellcheck, or the reason why there is none here. */
export async function findShellcheck(signal: AbortSignal): Promise<Shellcheck | string> {
  const found = await programOf(signal).catch((error: Error) => error.message)
  if (typeof found === 'string') return found
  return async (files, cwd) => {
    const args = ['--external-sources', '--source-path=SCRIPTDIR', ...files]
    const output = await runCommand(
      { command: found.program, args, env: found.env, cwd, limitMs: LIMIT_MS },
      signal,
    )
    return output.code === 0 ? '' : output.stdout + output.stderr
  }
}

async function programOf(signal: AbortSignal): Promise<{ program: string; env: NodeJS.ProcessEnv }> {
  const installed = Bun.which('shellcheck')
  if (installed !== null) return { program: installed, env: process.env }
  const { root, libraryPath } = await debianPackages(['shellcheck'], () => {}, signal)
  return { program: join(root, 'usr/bin/shellcheck'), env: { ...process.env, LD_LIBRARY_PATH: libraryPath } }
}
