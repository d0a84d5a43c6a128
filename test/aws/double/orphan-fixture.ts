// Starts an instance with a server in the background, prints its namespaces, and waits to be killed.
import { startBox } from './box/box.ts'
import { startVpcNetwork } from './box/network.ts'
import { startWorld } from './box/world.ts'
import { namespacesOf } from './host-traces.ts'

const world = await startWorld()
const network = await startVpcNetwork(world, '10.0.0.0/16')
const options = { id: 'i-orphan', address: '10.0.0.9', image: '/', shared: [], files: {} }
const box = await startBox(world, network, options)
const script = 'sleep 1000 & sleep 1000'
const job = { script, path: '/run/job', folder: '/', stdout: '/dev/null', stderr: '/dev/null' }
box.run(job)
process.stdout.write(`${JSON.stringify([box.pid, network.pid, world.pid].flatMap(namespacesOf))}\n`)
await new Promise(() => setInterval(() => {}, 1000))
