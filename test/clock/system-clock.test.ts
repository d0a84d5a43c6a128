// Goal: processes of one host share one clock. Method: a child stamps on request; each stamp must lie between our
// sending and our receiving, 5,000 times in each direction.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SystemClock } from '../../src/clock/system-clock.ts'

const STAMPS = 5_000

interface Stamp {
  readonly sentUs: number
  readonly stampUs: number
  readonly receivedUs: number
}

function outside(stamps: readonly Stamp[]): Stamp[] {
  return stamps.filter(({ sentUs, stampUs, receivedUs }) => stampUs < sentUs || stampUs > receivedUs)
}

test('5,000 stamps each way lie within their round trips', async () => {
  const clock = new SystemClock()
  const ours: Stamp[] = []
  const { promise: theirs, resolve } = Promise.withResolvers<Stamp[]>()
  let sentUs = 0
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'stamp-child.ts')], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (message: { kind: 'stamp'; us: number } | { kind: 'ask' } | { kind: 'done'; stamps: Stamp[] }) => {
      if (message.kind === 'done') return resolve(message.stamps)
      if (message.kind === 'ask') return child.send({ kind: 'stamp', us: clock.nowUs() })
      ours.push({ sentUs, stampUs: message.us, receivedUs: clock.nowUs() })
      ask()
    },
  })
  const ask = () => {
    sentUs = clock.nowUs()
    child.send({ kind: ours.length < STAMPS ? 'ask' : 'yourTurn', count: STAMPS })
  }
  ask()
  const reported = await theirs
  child.kill()
  await child.exited
  expect(ours).toHaveLength(STAMPS)
  expect(reported).toHaveLength(STAMPS)
  expect(outside(ours)).toEqual([])
  expect(outside(reported)).toEqual([])
}, 60_000)

test('a sleep ends when its signal aborts', async () => {
  const clock = new SystemClock()
  const reason = new Error('enough')
  await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  const controller = new AbortController()
  const sleeping = clock.sleep(60_000, controller.signal)
  controller.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
})

test('an instant that is over is waited for without a word of the runtime', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const clock = new SystemClock()
  await clock.sleep(-5)
  await new Promise<void>((resolve) => clock.schedule(-5, resolve))
  await Bun.sleep(0)
  process.off('warning', note)
  expect(warnings).toEqual([])
})
