// Goal: a process is never mistaken for another one. Method: real processes; a recycled number is imitated by an
// identity with another start.
import { expect, test } from 'bun:test'
import { identify, isAlive, isSame, signalSame } from '../../../src/brokers/process/identity.ts'
import { processUsage, secondsOf } from '../../../src/brokers/process/usage.ts'

test('a living process keeps its identity, and a name with spaces and brackets does not confuse it', async () => {
  const child = Bun.spawn(['sh', '-c', 'exec sleep 100'])
  const identity = identify(child.pid)
  expect(identity?.pid).toBe(child.pid)
  expect(isSame(identity!)).toBe(true)
  child.kill('SIGKILL')
  await child.exited
  expect(isSame(identity!)).toBe(false)
  expect(isAlive(child.pid)).toBe(false)
})

test('a recycled number is not signalled', async () => {
  const child = Bun.spawn(['sleep', '100'])
  const recycled = { ...identify(child.pid)!, start: 'another' }
  expect(signalSame(recycled, 'SIGKILL')).toBe(false)
  expect(isAlive(child.pid)).toBe(true)
  expect(signalSame(identify(child.pid)!, 'SIGKILL')).toBe(true)
  await child.exited
  expect(child.signalCode).toBe('SIGKILL')
})

test('numbers that are no process', () => {
  for (const pid of [0, -1, Number.NaN, 1.5, 2 ** 30]) expect(identify(pid)).toBeNull()
})

test('usage grows with work and is null for nobody', () => {
  const before = processUsage(process.pid)!
  const endMs = performance.now() + 100
  let sum = 0
  while (performance.now() < endMs || processUsage(process.pid)!.cpuS <= before.cpuS)
    sum += Math.sqrt(sum + 1)
  expect(processUsage(process.pid)!.cpuS).toBeGreaterThan(before.cpuS)
  expect(before.rssBytes).toBeGreaterThan(1024 * 1024)
  expect(processUsage(2 ** 30)).toBeNull()
})

test('CPU time as ps prints it', () => {
  expect(secondsOf('0:01.50')).toBeCloseTo(1.5)
  expect(secondsOf('01:02:03')).toBe(3723)
  expect(secondsOf('2-01:00:00')).toBe(2 * 86_400 + 3600)
})
