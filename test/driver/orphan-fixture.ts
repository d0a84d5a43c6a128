// Starts the fake broker, tells its process id, and waits to be killed.
import { fakeProvider } from '../../src/brokers/fake/fake-provider.ts'

const options = { topology: 'single', profile: 'quick', directory: process.argv[2]!, log() {} } as const
const broker = await fakeProvider.up(options, new AbortController().signal)
process.stdout.write(`${broker.nodes[0]!.pid}\n`)
await new Promise((resolve) => setTimeout(resolve, 60_000))
