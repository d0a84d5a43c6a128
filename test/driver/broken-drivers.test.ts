// Goal: the conformance suite can fail. Method: each driver of a table breaks the contract in one way; the checks named
// for it must reject it, for the reason given, within their time, while the unbroken fake passes those same checks.
import { describe, expect, test } from 'bun:test'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { runCheck } from '../../src/driver/conformance/session.ts'
import type { ConformanceSubject } from '../../src/driver/conformance/subject.ts'
import { CONFORMANCE_CHECKS } from '../../src/driver/conformance/suite.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { fakeCapabilities } from '../../src/driver/fake/options.ts'
import { createFakeSystem } from '../../src/driver/fake/system.ts'
import { messageOf } from '../../src/errors/app-error.ts'
import { BROKEN_CONSUMERS } from './broken-consumers.ts'
import { type BrokenDriver, breakDriver } from './broken-drivers.ts'
import { BROKEN_LIFE_CYCLES } from './broken-life-cycles.ts'
import { BROKEN_PRODUCERS } from './broken-producers.ts'

const clock = new SystemClock()
const BROKEN = [...BROKEN_PRODUCERS, ...BROKEN_CONSUMERS, ...BROKEN_LIFE_CYCLES]

function subjectOf({ shape, changes }: BrokenDriver): ConformanceSubject {
  const system = createFakeSystem(clock)
  let topics = 0
  return {
    name: 'broken',
    create: () =>
      breakDriver(createFakeDriver({ clock, system, options: { shape, capacity: 1000 } }), changes),
    capabilities: fakeCapabilities(shape),
    makeTopicName: () => `topic-${topics++}`,
    clock,
    timeoutMs: 1500,
    hints: { maxInFlight: 2000, quietMs: 30, messages: 100 },
  }
}

function checkNamed(name: string) {
  const check = CONFORMANCE_CHECKS.find((one) => one.name === name)
  if (check === undefined) throw new Error(`expected a check named "${name}"`)
  return check
}

async function sentenceOf(name: string, subject: ConformanceSubject): Promise<string | null> {
  try {
    await runCheck(checkNamed(name), subject)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

describe.concurrent('a driver that', () => {
  for (const broken of BROKEN) {
    test(`${broken.breach} is rejected`, async () => {
      for (const name of broken.rejectedBy) {
        const check = checkNamed(name)
        expect(check.appliesTo(fakeCapabilities(broken.shape))).toBe(true)
        const sentence = await sentenceOf(name, subjectOf(broken))
        if (sentence === null) throw new Error(`expected "${name}" to reject it, it passed`)
        if (name === broken.rejectedBy[0]) expect(sentence).toContain(broken.because)
      }
    }, 20_000)
  }
})

test('every check rejects at least one broken driver', () => {
  const rejecting = new Set(BROKEN.flatMap((broken) => broken.rejectedBy))
  const idle = CONFORMANCE_CHECKS.map((check) => check.name).filter((name) => !rejecting.has(name))
  expect(idle).toEqual([])
})
