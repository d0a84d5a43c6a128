// Goal: scripts run on instances through Systems Manager whatever it does: throttled, slow to know, cut off, silent,
// refused; and secrets pass it by. Method: the test double, whose instances execute; faults are planned call by call.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { SECRET_UNREADABLE } from '../../../src/lab/aws/remote-command.ts'
import { openSecrets } from '../../../src/lab/aws/secrets.ts'
import { openRemoteShell, type RemoteShell } from '../../../src/lab/aws/ssm.ts'
import { makeSite, runInstances } from '../../aws/double/account.ts'
import { missingForBoxes } from '../../aws/double/box/world.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { DENIED, THROTTLED } from '../../aws/double/faults.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { fastClock, shiftedClock } from '../../aws/double/test-clocks.ts'
import { pollUntil } from '../../support/poll.ts'
import { skipLoudly } from '../../support/skip.ts'
import { contextOf, type TestContext } from './support.ts'

const LIMIT_MS = 120_000
const HOUR_MS = 3_600_000
const SPEED = 50
const clock = shiftedClock(Date.now())
const never = new AbortController().signal
const missing = missingForBoxes()
const tools = missing === null ? await awsTools(console.log) : missing

interface Bench {
  readonly double: AwsDouble
  readonly clients: Clients
  readonly context: TestContext
  readonly shell: RemoteShell
  readonly ids: readonly string[]
}

async function openBench(): Promise<Bench | null> {
  if (typeof tools === 'string') return null
  const double = await startAwsDouble({ tools, clock }, never)
  const clients = clientsOf(double.endpoint)
  const site = await makeSite(clients, 'site', {})
  const ids = await runInstances(clients, site, { count: 3, tags: {} })
  const context = contextOf(double, new SystemClock())
  const shell = await openRemoteShell(context)
  await shell.waitUntilManaged(ids, LIMIT_MS, never)
  return { double, clients, context, shell, ids }
}

const opened = await openBench()
const skips = opened === null && skipLoudly(`the AWS test double needs ${tools}`)
const bench = opened as Bench

afterEach(() => {
  opened?.double.faults.clear()
})
afterAll(async () => {
  opened?.shell.close()
  opened?.clients.destroy()
  await opened?.double.close()
}, LIMIT_MS)

function command(instanceIds: readonly string[], script: string) {
  return { instanceIds, script, title: 'a test', limitMs: LIMIT_MS }
}

test.skipIf(skips)(
  'each instance has its own outcome, through throttling, a lost answer, and invocations that are not seen yet',
  async () => {
    const { double, shell, ids, context } = bench
    const sent = double.commands.length
    double.timing.invisibleMs = 700
    const ssm = (action: string) => ({ service: 'ssm', action })
    double.faults.add({ ...ssm('SendCommand'), error: THROTTLED.ssm })
    const lost = { code: 'InternalServerError', message: 'lost', status: 500 }
    double.faults.add({ ...ssm('SendCommand'), from: 2, error: lost, isCarriedOut: true })
    double.faults.add({ ...ssm('ListCommandInvocations'), count: 2, error: THROTTLED.ssm })
    const unseen = { code: 'InvocationDoesNotExist', message: 'not yet' }
    double.faults.add({ ...ssm('GetCommandInvocation'), from: 2, error: unseen })
    const script = `hostname; echo "why not" >&2; test "$(hostname)" != "ip-${double.machines.get(ids[1]!)!.address.replaceAll('.', '-')}" || exit 42`
    const outcomes = await shell.run(command(ids, script), never)
    double.timing.invisibleMs = 0
    const host = (id: string) => `ip-${double.machines.get(id)!.address.replaceAll('.', '-')}\n`
    expect(outcomes).toEqual(
      ids.map((instanceId, i) => ({
        ...{ instanceId, status: i === 1 ? ('failed' as const) : ('success' as const) },
        ...{ exitCode: i === 1 ? 42 : 0, stdout: host(instanceId), stderr: 'why not\n', isCut: false },
      })),
    )
    // The answer to the second attempt was lost, the command was not: it is not sent again.
    expect(double.commands.length - sent).toBe(1)
    expect(context.lines.some((line) => line.includes('ThrottlingException'))).toBe(true)
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'output beyond 24,000 characters is read whole from the bucket, and is said to be cut without one',
  async () => {
    const { shell, ids, clients, double } = bench
    await clients.s3.send(new CreateBucketCommand({ Bucket: 'out' }))
    double.faults.add({
      service: 's3',
      action: 'GetObject',
      error: { code: 'NoSuchKey', message: 'not yet', status: 404 },
    })
    const long = { ...command(ids.slice(0, 1), 'seq -w 1 10000; seq -w 1 3000 >&2; exit 1') }
    const output = { bucket: 'out', prefix: 'exp-1/' }
    const [whole] = await shell.run({ ...long, output }, never)
    expect(whole).toMatchObject({ status: 'failed', exitCode: 1, isCut: false })
    expect([whole!.stdout.length, whole!.stderr.length]).toEqual([60_000, 15_000])
    const [cut] = await shell.run(long, never)
    expect([cut!.stdout.length, cut!.stderr.length, cut!.isCut]).toEqual([24_000, 8_000, true])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'a script that runs too long is killed; an abort cancels it on the instance and rejects with its reason',
  async () => {
    const { shell, ids, double } = bench
    const [id = ''] = ids
    const [late] = await shell.run({ ...command([id], 'sleep 1002'), limitMs: 1_000 }, never)
    expect(late).toMatchObject({ status: 'timedOut', exitCode: null })
    const stop = new AbortController()
    const running = shell.run(command([id], 'sleep 1003'), stop.signal).catch((error) => error)
    await pollUntil('the command to run', LIMIT_MS, () => {
      const last = double.commands.at(-1)
      return last?.script === 'sleep 1003' && last.invocations[0]?.status === 'InProgress'
    })
    stop.abort(new Error('Ctrl-C'))
    expect((await running).message).toBe('Ctrl-C')
    // AWS carries a cancel out when it comes to it.
    const gone = 'for i in $(seq 600); do pgrep -f "^sleep 100[23]$" || exit 0; sleep 0.1; done; exit 1'
    expect(await shell.run(command([id], gone), never)).toMatchObject([{ status: 'success' }])
    expect(double.commands.at(-2)!.invocations[0]!.status).toBe('Cancelled')
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'a command is cancelled too when the abort comes before its id is known',
  async () => {
    const { ids, double } = bench
    const stop = new AbortController()
    const context = contextOf(double, clock)
    // Its answer is lost, and the abort falls into the pause before the next attempt.
    const log = (line: string) => {
      context.log(line)
      if (line.includes('InternalServerError')) queueMicrotask(() => stop.abort(new Error('Ctrl-C')))
    }
    const own = await openRemoteShell({ ...context, log })
    const lost = { code: 'InternalServerError', message: 'lost', status: 500 }
    double.faults.add({ service: 'ssm', action: 'SendCommand', error: lost, isCarriedOut: true })
    const running = own.run(command(ids, 'sleep 1005'), stop.signal)
    expect(await running.catch((error) => error.message)).toBe('Ctrl-C')
    const sent = double.commands.at(-1)!
    expect(sent.script).toBe('sleep 1005')
    await pollUntil('the cancel', LIMIT_MS, () =>
      sent.invocations.every(({ status }) => status === 'Cancelled'),
    )
    own.close()
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'a secret reaches the script, and neither the command nor the log; one that is missing ends the script',
  async () => {
    const { shell, ids, context, double } = bench
    const secrets = await openSecrets(context)
    await secrets.put('/exp-1/token', 'hunter1', { ExperimentID: 'exp-1' }, never)
    await secrets.put('/exp-1/token', 'hunter2', { ExperimentID: 'exp-1' }, never)
    const script = 'echo -n "$TOKEN" | sha256sum'
    const asked = command(ids.slice(0, 1), script)
    const [outcome] = await shell.run({ ...asked, secrets: { TOKEN: '/exp-1/token' } }, never)
    const digest = new Bun.CryptoHasher('sha256').update('hunter2').digest('hex')
    expect(outcome!.stdout).toStartWith(digest)
    const sent = double.commands.map((each) => JSON.stringify(each.parameters)).join()
    expect(sent).toContain('/exp-1/token')
    expect(`${sent}${context.lines.join()}`).not.toMatch(/hunter\d/)
    await secrets.remove(['/exp-1/token', '/exp-1/token'], never)
    const [without] = await shell.run({ ...asked, secrets: { TOKEN: '/exp-1/token' } }, never)
    expect(without).toMatchObject({ status: 'failed', exitCode: SECRET_UNREADABLE, stdout: '' })
    expect(without!.stderr).toContain('cannot read parameter /exp-1/token')
    const bad = { ...asked, secrets: { TOKEN: "x'; id; '" } }
    expect(await shell.run(bad, never).catch((error) => error.code)).toBe('CONFIG')
    secrets.close()
  },
  LIMIT_MS,
)

test.skipIf(skips)('what may not be done is not tried again', async () => {
  const { shell, ids, double } = bench
  const calls = double.faults.calls('ssm', 'SendCommand')
  double.faults.add({ service: 'ssm', action: 'SendCommand', count: 9, error: DENIED.ssm })
  expect(await shell.run(command(ids, 'true'), never).catch((error) => error.name)).toBe(
    'AccessDeniedException',
  )
  expect(double.faults.calls('ssm', 'SendCommand') - calls).toBe(1)
})

test.skipIf(skips)(
  'instances that fall silent do not hold the others: not taken, lost while it ran, never ready',
  async () => {
    const { double, ids } = bench
    const [silent = '', dying = '', well = ''] = ids
    const context = contextOf(double, fastClock(SPEED))
    const shell = await openRemoteShell(context)
    clock.speed = 2 * SPEED
    double.setAgent(silent, 'lost')
    const script = `test "$(hostname)" = "ip-${double.machines.get(well)!.address.replaceAll('.', '-')}" || sleep 1004`
    const running = shell.run(
      { ...command(ids, script), limitMs: 10 * HOUR_MS, deliveryLimitMs: 30_000 },
      never,
    )
    await pollUntil('the command to run', LIMIT_MS, () => {
      const invocation = double.commands.at(-1)?.invocations.find(({ machine }) => machine.id === dying)
      return invocation?.status === 'InProgress' && double.commands.at(-1)!.script === script
    })
    double.setAgent(dying, 'lost')
    const outcomes = await running
    expect(outcomes.map(({ instanceId, status }) => [instanceId, status])).toEqual([
      [silent, 'undelivered'],
      [dying, 'lost'],
      [well, 'success'],
    ])
    double.setAgent(silent, 'never')
    const waiting = shell.waitUntilManaged(ids, 5_000, never).catch((error) => error.message)
    expect(await waiting).toBe(
      `expected all 3 instances to answer Systems Manager within 5 s, missing: ${silent}, ${dying}`,
    )
    shell.close()
  },
  LIMIT_MS,
)
