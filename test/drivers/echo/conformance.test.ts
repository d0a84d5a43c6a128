// Goal: the echo keeps the driver contract, so that what is calibrated is the path of a real driver. Method: the
// conformance suite against a server in this process; the server as a process of its own, which ends with its parent.
import { afterAll, describe, expect, test } from 'bun:test'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { createEchoDriver, ECHO_CAPABILITIES } from '../../../src/drivers/echo/echo-driver.ts'
import { startEchoServer } from '../../../src/drivers/echo/echo-server.ts'
import { startEchoProcess } from '../../../src/drivers/echo/server-process.ts'

const server = startEchoServer()
afterAll(() => server.stop())
let topics = 0

conformanceSuite(
  {
    name: 'echo',
    create: () => createEchoDriver(`127.0.0.1:${server.port}`),
    capabilities: ECHO_CAPABILITIES,
    makeTopicName: () => `echo-${topics++}`,
    clock: new SystemClock(),
    timeoutMs: 10_000,
    hints: { maxInFlight: 20_000, quietMs: 20 },
  },
  { describe, test },
)

test('the server process tells its address, and is gone when it is stopped', async () => {
  const never = new AbortController().signal
  const process = await startEchoProcess(never)
  const driver = createEchoDriver(process.address)
  expect((await driver.open(never)).client).toBe('echo 1')
  await driver.close(never)
  await process.stop()
  const again = createEchoDriver(process.address)
  await expect(again.open(never)).rejects.toThrow(/expected an echo server at 127.0.0.1:\d+, got/)
})

test('an aborted start leaves nothing behind', async () => {
  const reason = new Error('enough')
  await expect(startEchoProcess(AbortSignal.abort(reason))).rejects.toThrow('enough')
})
