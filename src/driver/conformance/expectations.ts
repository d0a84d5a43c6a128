import type { Session } from './session.ts'
import { expect } from './session.ts'
import { countIdentities, type Received, type TestConsumer } from './test-consumer.ts'

/** Waits until the consumers together have every one of these messages, lets quiet return, then compares exactly. */
export async function expectExactly(
  session: Session,
  consumers: readonly TestConsumer[],
  identities: readonly number[],
): Promise<void> {
  const all = () => consumers.flatMap((consumer) => consumer.received)
  const wanted = new Set(identities)
  await session
    .until('every message to be delivered', () => containsAll(all(), wanted))
    .catch((error: unknown) => {
      const missing = missingFrom(all(), wanted)
      expectUndamaged(all())
      expect(missing === 0, `expected ${wanted.size} messages, ${missing} of them never came`)
      throw error
    })
  await session.quiet()
  expectNoOther(all(), wanted)
}

/** Fails on a duplicate, a foreign or a damaged message. */
export function expectNoOther(received: readonly Received[], wanted: ReadonlySet<number>): void {
  expectUndamaged(received)
  for (const [identity, count] of countIdentities(received)) {
    expect(wanted.has(identity), `expected only what was sent here, message ${identity} came too`)
    expect(count === 1, `expected every message once, message ${identity} came ${count} times`)
  }
}

function expectUndamaged(received: readonly Received[]): void {
  const damaged = received.filter(({ identity }) => identity === -1).length
  expect(damaged === 0, `expected messages as they were sent, ${damaged} came damaged`)
}

/** Fails unless the identities of each group come in ascending order. */
export function expectAscending(received: readonly Received[], groupOf: (one: Received) => string): void {
  const last = new Map<string, number>()
  for (const one of received) {
    const group = groupOf(one)
    const before = last.get(group) ?? -1
    expect(one.identity > before, `expected ${group} in order, message ${one.identity} came after ${before}`)
    last.set(group, one.identity)
  }
}

function containsAll(received: readonly Received[], wanted: ReadonlySet<number>): boolean {
  return received.length >= wanted.size && missingFrom(received, wanted) === 0
}

function missingFrom(received: readonly Received[], wanted: ReadonlySet<number>): number {
  const came = new Set(received.map((one) => one.identity))
  let missing = 0
  for (const identity of wanted) if (!came.has(identity)) missing++
  return missing
}
