// Goal: the proxy's process goes with whoever started it, however that ends. Method: a process that starts one and is
// killed; and one whose proxy is killed.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { identify, isSame } from '../../src/brokers/process/identity.ts'
import { startProxy } from '../../src/proxy/proxy-process.ts'
import { pollUntil } from '../support/poll.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const MODULE = join(import.meta.dir, '../../src/proxy/proxy-process.ts')

test('it ends when its supervisor is killed', async () => {
  const script = `const { startProxy } = await import(${JSON.stringify(MODULE)})
    const proxy = startProxy()
    await proxy.open('127.0.0.1:9')
    console.log(proxy.pid)
    setInterval(() => {}, 1000)`
  const supervisor = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
  const { value } = await supervisor.stdout.getReader().read()
  const proxy = identify(Number(new TextDecoder().decode(value)))!
  expect(isSame(proxy)).toBe(true)
  supervisor.kill('SIGKILL')
  await pollUntil('the proxy to be gone', 20_000, () => !isSame(proxy))
})

test('who asks a proxy that is gone is told so at once', async () => {
  const proxy = startProxy()
  const address = await proxy.open('127.0.0.1:9')
  process.kill(proxy.pid, 'SIGKILL')
  const refusal = await proxy.open('127.0.0.1:10').catch((error) => error)
  expect(refusal.message).toContain('signal SIGKILL')
  expect(proxy.figures()).rejects.toThrow('the proxy between clients and broker ended')
  await proxy.end()
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
})
