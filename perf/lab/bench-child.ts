import { join } from 'node:path'
import { childOf } from '../../test/aws/double/box/holder.ts'
import { ROOT } from '../../test/terraform/terraform.ts'

/** A `bench` of this checkout that runs. */
export interface BenchChild {
  /** Exit code, and all of stdout. */
  readonly ended: Promise<{ readonly code: number; readonly stdout: string }>
  /** Ends it as Ctrl-C does: it cleans up first. */
  interrupt(): Promise<void>
}

// With its parent the kernel kills it, and in its namespace all that it has started.
const WITH_US = [
  'setpriv',
  '--pdeathsig',
  'KILL',
  'unshare',
  '--pid',
  '--mount-proc',
  '--fork',
  '--kill-child',
]

/** Starts it; every line of its stderr is told. However this process ends, it ends too, and so does its Terraform. */
export function startBench(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  onLine: (line: string) => void,
): BenchChild {
  const main = [process.execPath, '--no-env-file', join(ROOT, 'src/cli/main.ts')]
  const child = Bun.spawn([...WITH_US, ...main, ...args], {
    env,
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = tellLines(child.stderr, onLine)
  const ended = async () => {
    const [stdout] = await Promise.all([new Response(child.stdout).text(), told])
    return { code: await child.exited, stdout }
  }
  const interrupt = async () => {
    const pid = await childOf(child.pid)
    if (pid !== null) process.kill(pid, 'SIGINT')
  }
  return { ended: ended(), interrupt }
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
