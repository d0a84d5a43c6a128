import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { identify } from '../../src/brokers/process/index.ts'
import type { BrokerState } from '../../src/brokers/state.ts'

/** A process that stands for a broker's server, as `bench brokers up` would have left it. */
export interface LeftRunning {
  readonly pid: number
  stop(): Promise<void>
}

/** `busy` takes all of a core that it gets, `idle` nothing. `bound` is the address that the state tells. */
export function leaveRunning(
  home: string,
  name: string,
  work: 'busy' | 'idle',
  bound = '127.0.0.1:1',
): LeftRunning {
  const child = Bun.spawn(['sh', '-c', work === 'busy' ? 'while :; do :; done' : 'exec sleep 600'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const process = identify(child.pid)
  const state: BrokerState = {
    schemaVersion: 1,
    ...{ name, version: '1', runtime: 'native', topology: 'single', settings: {} },
    servers: [bound],
    startedAt: new Date().toISOString(),
    nodes: [{ name: `${name}-1`, bound, process, logFile: '/dev/null' }],
    processes: process === null ? [] : [process],
    containers: [],
  }
  const file = join(home, 'brokers', name, 'state.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(state))
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
