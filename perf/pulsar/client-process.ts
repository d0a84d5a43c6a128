import { processUsage } from '../../src/brokers/process/index.ts'
import type { Role, Side } from './sides.ts'
import type { RunSpec, Sample } from './spec.ts'

const QUOTED_LINES = 15

/** A producer or consumer of a side. */
export interface ClientProcess {
  /** What it has said so far. Throws when it has ended by itself. */
  look(): { readonly ready: boolean; readonly samples: readonly Sample[] }
  /** SIGKILL; resolves when it is gone. Its topic is not used again. */
  end(): Promise<void>
}

export function startClient(side: Side, role: Role, spec: RunSpec): ClientProcess {
  const child = Bun.spawn([...side.command(role, spec)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const samples: Sample[] = []
  const said: string[] = []
  let ready = false

  function take(line: string): void {
    said.push(line)
    if (said.length > QUOTED_LINES) said.shift()
    if (side.isReady(line)) ready = true
    const interval = side.interval(line)
    if (interval === null) return
    const cpuS = processUsage(child.pid)?.cpuS ?? Number.NaN
    samples.push({ ...interval, cpuS, atMs: performance.now() })
  }
  const reading = Promise.all([eachLine(child.stdout, take), eachLine(child.stderr, take)])
  // A broken pipe shows as a process that says nothing more.
  reading.catch(() => {})

  return {
    look() {
      if (child.exitCode === null && child.signalCode === null) return { ready, samples }
      throw new Error(
        `expected ${side.name}'s ${role} to go on, it ended with ${child.exitCode ?? child.signalCode}:\n${said.join('\n')}`,
      )
    },
    async end() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
  }
}
