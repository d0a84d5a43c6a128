import type { Pattern } from './pattern.ts'
import type { Encoded } from './put.ts'
import type { Action, OnError } from './rule.ts'

/** A rule made ready: what the walk needs of it, with its replacement encoded. */
export interface CompiledRule {
  /** Its place in the order of rules, and in the tally. */
  readonly index: number
  readonly id: string
  readonly action: Action
  readonly onError: OnError
  /** The condition, or what REGEX_MASK looks for. */
  readonly pattern: Pattern | null
  readonly replacement: string
  /** `replacement` as an AnyValue, and as a string field. */
  readonly asValue: Encoded
  readonly asText: Encoded
  /** The byte REDACT_FILL writes. */
  readonly fillByte: number
  /** Whether the value must be read to carry it out: a pattern, or HASH. */
  readonly needsContent: boolean
}

/** What is to be done at a value, and inside it. */
export interface ValuePlan {
  /** Rules whose path ends here, in order; REGEX_MASK rules of values around it are among them. */
  readonly rules: readonly CompiledRule[]
  /** What lies below, for arrays and key-value lists; null when nothing does. */
  readonly inside: KeyTable | null
}

/** Keys that rules name, found by length and bytes; made for attribute lists, key-value lists and arrays. */
export interface KeyTable {
  /** First entry (+ 1) of each key length; lengths from 255 share the last bucket; 0 = none. */
  readonly byLength: Int32Array
  /** Next entry (+ 1) of the same bucket. */
  readonly following: Int32Array
  readonly lengths: Int32Array
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
  readonly plans: readonly ValuePlan[]
  /** For every other key, and for elements of arrays. */
  readonly other: ValuePlan | null
}

/** One DROP rule, seen from the message it removes. */
export interface DropTest {
  readonly rule: CompiledRule
  /** Tags of length-delimited fields from that message down; empty: the message itself is named. */
  readonly tags: readonly number[]
  /** What the last of them is. */
  readonly target: 'message' | 'text' | 'value' | 'list'
  /** Whether no field of `tags` may come more than once: then of a text that does the last counts. */
  readonly isSingular: boolean
  /** For `value` and `list`: where inside. */
  readonly value: readonly (Uint8Array | null)[]
}

/** What to do with each field of one message; indexed by tags below 256, which all fields of OTLP have. */
export interface MessagePlan {
  readonly name: string
  readonly ops: Uint8Array
  readonly children: readonly (MessagePlan | null)[]
  readonly tables: readonly (KeyTable | null)[]
  readonly values: readonly (ValuePlan | null)[]
  readonly texts: readonly (readonly CompiledRule[] | null)[]
  /** Whether any rule looks at this message or below: then its length prefix may change. */
  readonly canChange: boolean
  /** A span, data point or log record. */
  readonly isRecord: boolean
  /** Holds records or is one: its parent goes with the last of them. */
  readonly isCarrier: boolean
  /**
   * By tag: the group (0 …) of fields of which only one counts; -1: none that rules look at. A message with two of one
   * group is merged before it is walked.
   */
  readonly groups: Int8Array
  readonly hasGroups: boolean
  readonly drops: readonly DropTest[]
  /** Whether a rule with `onError: drop` may fail below. */
  readonly catchesDrop: boolean
  /** The same message without rules, for counting and checking what is removed. */
  readonly check: MessagePlan | null
}

/** What the walk does at a tag. Order matters: from `BYTES` on, a length follows. */
export const OP = {
  UNKNOWN: 0,
  BAD: 1,
  VARINT: 2,
  FIXED64: 3,
  FIXED32: 4,
  BYTES: 5,
  PACKED_FIXED64: 6,
  PACKED_VARINT: 7,
  KEY_VALUE: 8,
  ANY_VALUE: 9,
  TEXT: 10,
  MESSAGE: 11,
  /** A message that rules may remove. */
  UNIT: 12,
} as const
