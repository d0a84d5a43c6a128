// Goal: what is tried again, how often, how long and at what pauses, and what is not. Method: simulated time, and every
// name of a failure that the lab tells apart.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SimClock } from '../../../src/clock/sim-clock.ts'
import { failureKind } from '../../../src/lab/aws/failure.ts'
import { backoffMs, CALL_RETRIES, poll, type RetryPolicy, withRetries } from '../../../src/lab/aws/retry.ts'

const POLICY: RetryPolicy = { attempts: 5, firstDelayMs: 100, longestDelayMs: 1_000, limitMs: 60_000 }
const DAY_US = 86_400_000_000
const never = new AbortController().signal

function failure(name: string, status?: number): Error {
  return Object.assign(new Error(`said ${name}`), { name, $metadata: { httpStatusCode: status } })
}

/** Runs what waits on simulated time to its end: its value, or what it threw. */
async function outcome<T>(clock: SimClock, running: Promise<T>): Promise<T | Error> {
  const settled = running.catch((error: Error) => error)
  await clock.advanceTo(clock.nowUs() + DAY_US)
  return settled
}

test('failures are told apart by their names, then by their status, through wrappers', () => {
  const kinds = {
    throttled: [
      'ThrottlingException',
      'RequestLimitExceeded',
      'Throttling',
      'SlowDown',
      'TooManyRequestsException',
    ],
    notYet: ['InvocationDoesNotExist', 'InvalidInstanceId'],
    denied: ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure'],
    inUse: [
      'DependencyViolation',
      'VolumeInUse',
      'DeleteConflictException',
      'InvalidGroup.InUse',
      'BucketNotEmpty',
    ],
    missing: [
      ...['InvalidInstanceID.NotFound', 'NoSuchEntity', 'NoSuchKey', 'ParameterNotFound', 'NoSuchBucket'],
      'InvalidAMIID.Unavailable',
    ],
    transient: ['TimeoutError', 'ServiceUnavailable', 'InternalError', 'ECONNRESET', 'ConnectionRefused'],
    refused: ['ValidationException', 'InvalidDocument', 'InsufficientInstanceCapacity'],
  }
  for (const [kind, names] of Object.entries(kinds))
    for (const name of names) expect(`${name}: ${failureKind(failure(name))}`).toBe(`${name}: ${kind}`)
  expect(failureKind(failure('SyntaxError', 500))).toBe('transient')
  expect(failureKind(failure('Whatever', 429))).toBe('throttled')
  expect(failureKind(new Error('outer', { cause: failure('Throttling') }))).toBe('throttled')
  expect(failureKind('a sentence')).toBe('refused')
})

test('pauses double up to the longest, between half of it and all of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const longest = Math.min(POLICY.longestDelayMs, POLICY.firstDelayMs * 2 ** (failures - 1))
        const pause = backoffMs(POLICY, failures, () => chance)
        expect(pause).toBeGreaterThanOrEqual(longest / 2)
        expect(pause).toBeLessThanOrEqual(longest)
      },
    ),
  )
})

test('a call that is throttled twice succeeds the third time', async () => {
  const clock = new SimClock()
  const told: string[] = []
  let calls = 0
  const call = async () => {
    if (++calls < 3) throw failure('Throttling')
    return calls
  }
  const onFailure = (error: unknown, delayMs: number) => told.push(`${(error as Error).name} ${delayMs}`)
  const options = { what: 'x', policy: POLICY, onFailure }
  const running = withRetries(call, options, { clock, random: () => 0 }, never)
  expect(await outcome(clock, running)).toBe(3)
  expect(told).toEqual(['Throttling 50', 'Throttling 100'])
})

test('attempts and time have limits, and the last failure is the cause', async () => {
  for (const policy of [POLICY, { ...POLICY, attempts: 1_000, limitMs: 300 }]) {
    const clock = new SimClock()
    let calls = 0
    const call = async () => {
      calls++
      throw failure('ServiceUnavailable')
    }
    const running = withRetries(call, { what: 'the list', policy }, { clock, random: () => 0.5 }, never)
    const thrown = (await outcome(clock, running)) as Error
    expect(thrown.message).toBe(
      `expected the list to succeed, got ServiceUnavailable: said ServiceUnavailable after ${calls} attempts`,
    )
    expect((thrown.cause as Error).name).toBe('ServiceUnavailable')
    expect(calls).toBe(policy.attempts === 1_000 ? 3 : 5)
  }
})

test('what will not pass is thrown as it is, at once', async () => {
  const clock = new SimClock()
  const denied = failure('AccessDenied')
  const call = () => Promise.reject(denied)
  expect(await outcome(clock, withRetries(call, { what: 'x' }, { clock, random: Math.random }, never))).toBe(
    denied,
  )
})

test('an abort ends the pause with its reason, and no call follows', async () => {
  const clock = new SimClock()
  const stop = new AbortController()
  let calls = 0
  const call = () => {
    calls++
    return Promise.reject(failure('Throttling'))
  }
  const options = { what: 'x', policy: CALL_RETRIES }
  const running = withRetries(call, options, { clock, random: () => 1 }, stop.signal).catch((error) => error)
  await clock.advanceTo(1)
  stop.abort(new Error('Ctrl-C'))
  expect((await running).message).toBe('Ctrl-C')
  expect(calls).toBe(1)
})

test('polling asks at growing pauses, a last time at the limit, then gives null', async () => {
  const clock = new SimClock()
  const atMs: number[] = []
  const probe = async () => {
    atMs.push(clock.nowUs() / 1000)
    return null
  }
  const policy = { firstDelayMs: 100, longestDelayMs: 200, limitMs: 700 }
  expect(await outcome(clock, poll(probe, policy, { clock, random: () => 1 }, never))).toBeNull()
  expect(atMs).toEqual([0, 100, 250, 450, 650, 700])
})
