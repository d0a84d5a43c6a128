// A bench in small: starts a server with a child, says their ids, then lives on, or leaves the server up and ends.
import { join } from 'node:path'
import type { LocalBroker } from '../../../src/brokers/broker.ts'
import { guardedNow, releaseAll, spawnServer, tail, waitUntil } from '../../../src/brokers/process/index.ts'
import { workDirectory, writeState } from '../../../src/brokers/state.ts'

const [mode = '', name = 'owned'] = process.argv.slice(2)
const signal = new AbortController().signal
const work = workDirectory(name)
const logFile = join(work, 'node-1', 'server.log')
const script = 'sleep 1000 & echo child $!; echo data > data; wait'
const server = spawnServer({
  command: 'sh',
  args: ['-c', script],
  env: process.env,
  cwd: process.cwd(),
  logFile,
  signal,
})
const options = { limitMs: 20_000, everyMs: 5, what: 'child', server }
await waitUntil(() => tail(logFile, 5).includes('child '), options, signal)
await Bun.write(join(work, 'node-1', 'data', 'segment'), 'x')
const node = { name: 'node-1', bound: '127.0.0.1:1', advertised: '127.0.0.1:1', pid: server.pid, logFile }
if (mode === 'leave') {
  const broker = {
    name,
    version: '1',
    runtime: 'native',
    topology: 'single',
    servers: ['127.0.0.1:1'],
    settings: {},
    nodes: [node],
  }
  await writeState(broker as unknown as LocalBroker, guardedNow())
  await releaseAll()
}
console.log(`${server.pid} ${/child (\d+)/.exec(tail(logFile, 5))?.[1]}`)
if (mode === 'leave') process.exit(0)
if (mode === 'crash') process.abort()
setInterval(() => {}, 1000)
