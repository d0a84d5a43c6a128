import type { ErrorCode } from '../../../errors/app-error.ts'
import type { TopicSpec } from '../../driver.ts'
import type { FakeOptions } from '../options.ts'
import type { ConsumerPlace } from '../topic.ts'

/** What a client asks for; every request is answered by one reply. Handles are chosen by the client. */
export type FakeRequest =
  | { readonly method: 'createTopics'; readonly topics: readonly TopicSpec[]; readonly options: FakeOptions }
  | { readonly method: 'deleteTopics'; readonly topics: readonly TopicSpec[] }
  | { readonly method: 'produce'; readonly handle: number; readonly topic: string; readonly name: string }
  | { readonly method: 'finish'; readonly handle: number }
  | {
      readonly method: 'consume'
      readonly handle: number
      readonly topic: string
      readonly place: ConsumerPlace
    }
  | { readonly method: 'leave'; readonly handle: number }

/** The answer; `error` when it failed. */
export interface FakeReply {
  readonly id: number
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}
