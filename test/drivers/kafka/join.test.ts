// Goal: a consumer waits for the coordinator of a cluster that has just been made, and for nothing else. Method: the
// library's own errors, from a group that plays its part: a real first boot is as late as its disks, so it is left to
// `npm run proof:boot` and `proof:lab`.
import { expect, test } from 'bun:test'
import { type Consumer, MultipleErrors, ResponseError } from '@platformatic/kafka'
import { joinGroup } from '../../../src/drivers/kafka/clients/platformatic-join.ts'

const never = new AbortController().signal

const FIND_COORDINATOR = 10
const JOIN_GROUP = 11
/** As https://kafka.apache.org/protocol#protocol_error_codes numbers them. */
const CODES = { loading: 14, notAvailable: 15, notCoordinator: 16, notAuthorised: 30, illegalGeneration: 22 }

/** As the library reports a call whose own tries are used up. */
function libraryError(api: number, code: number): Error {
  const answer = new ResponseError(api, 4, { '/coordinators/0': [code, null] }, {})
  return new MultipleErrors('joinGroup failed 4 times.', Array(4).fill(answer))
}

/** A group whose joins end with these, then succeed. */
function groupOf(errors: readonly Error[]) {
  let joins = 0
  const group = {
    topics: { track: () => {} },
    joinGroup: async () => {
      const error = errors[joins++]
      if (error !== undefined) throw error
    },
  }
  return { group: group as unknown as Consumer, joins: () => joins }
}

test('a coordinator that is not there yet, still loads, or has moved is waited for', async () => {
  const { group, joins } = groupOf([
    libraryError(FIND_COORDINATOR, CODES.notAvailable),
    libraryError(JOIN_GROUP, CODES.loading),
    libraryError(JOIN_GROUP, CODES.notCoordinator),
  ])
  await joinGroup(group, 'topic', 'classic', never)
  expect(joins()).toBe(4)
})

test('any other failure is thrown at once, as the library threw it', async () => {
  const others = [
    libraryError(FIND_COORDINATOR, CODES.notAuthorised),
    libraryError(JOIN_GROUP, CODES.illegalGeneration),
    new Error('broken'),
  ]
  for (const error of others) {
    const { group, joins } = groupOf([error])
    expect(await joinGroup(group, 'topic', 'classic', never).catch((thrown) => thrown)).toBe(error)
    expect(joins()).toBe(1)
  }
})

test('an abort ends the wait with its reason', async () => {
  const stop = new AbortController()
  const { group, joins } = groupOf(Array(1_000).fill(libraryError(FIND_COORDINATOR, CODES.notAvailable)))
  const joining = joinGroup(group, 'topic', 'classic', stop.signal).catch((thrown) => thrown)
  stop.abort(new Error('Ctrl-C'))
  expect((await joining).message).toBe('Ctrl-C')
  expect(joins()).toBe(1)
})
