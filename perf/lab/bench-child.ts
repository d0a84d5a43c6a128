import { join } from 'node:path'
import { ROOT } from '../../test/terraform/terraform.ts'

/** A `bench` of this checkout that runs. */
export interface BenchChild {
  /** Exit code, and all of stdout. */
  readonly ended: Promise<{ readonly code: number; readonly stdout: string }>
  /** Ends it as Ctrl-C does: it cleans up first. */
  interrupt(): void
}

/** Starts it; every line of its stderr is told. When this process is killed, it ends by itself, as after Ctrl-C. */
export function startBench(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  onLine: (line: string) => void,
): BenchChild {
  const main = [process.execPath, '--no-env-file', join(ROOT, 'src/cli/main.ts')]
  const child = Bun.spawn(['setpriv', '--pdeathsig', 'TERM', ...main, ...args], {
    env,
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = tellLines(child.stderr, onLine)
  const ended = async () => {
    const [stdout] = await Promise.all([new Response(child.stdout).text(), told])
    return { code: await child.exited, stdout }
  }
  return { ended: ended(), interrupt: () => child.kill('SIGINT') }
}

async function tellLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  }
  if (rest !== '') onLine(rest)
}
