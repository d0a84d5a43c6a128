// A bench in small that runs a container and waits to be killed. Arguments: image, log file.
import { containerEngine, runContainer } from '../../../src/brokers/container/index.ts'

const [image = '', logFile = ''] = process.argv.slice(2)
const args = ['/bin/busybox', 'sleep', '1000']
const options = { image, name: 'watched', ports: {}, env: {}, args, logFile }
const server = await runContainer((await containerEngine())!, options, new AbortController().signal)
console.log(server.container)
setInterval(() => {}, 1000)
