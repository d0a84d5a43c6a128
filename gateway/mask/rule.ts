import { z } from 'zod'

/** What a rule does to what its path finds. */
export const ACTIONS = ['REDACT_MASK', 'REDACT_FILL', 'REGEX_MASK', 'HASH', 'DELETE', 'DROP'] as const
export type Action = (typeof ACTIONS)[number]

export const RULE_SIGNALS = ['TRACES', 'METRICS', 'LOGS', 'ALL'] as const
export const ON_ERROR = ['skip', 'drop', 'fail'] as const
export type OnError = (typeof ON_ERROR)[number]

/** Names and texts of rules are bounded: they become label values and lie in memory once per rule. */
const MAX_ID_LENGTH = 128
const MAX_PATH_LENGTH = 1024
const MAX_REPLACEMENT_LENGTH = 1024
/** More rules than this are a mistake. */
export const MAX_RULES = 1000

/**
 * One masking rule. `gateway/mask/README.md` tells the whole of paths, actions and order.
 *
 * - `REDACT_MASK` puts the text `replacement` in place of the value, whatever the value's type was
 * - `REDACT_FILL` overwrites the value with its one-character `replacement`: the size on the wire stays
 * - `REGEX_MASK` puts `replacement` in place of each part that the path's `=~/…/` matches
 * - `HASH` puts the SHA-256 (hex) in place of the value, keyed (HMAC) if the masker has a key
 * - `DELETE` removes the attribute, element or field
 * - `DROP` removes the innermost span, event, link, metric, data point, exemplar, log record, scope or resource entry on the path
 */
export const maskRuleSchema = z.strictObject({
  /** Unique; the label value `rule` of the masker's metrics. */
  id: z.string().min(1).max(MAX_ID_LENGTH),
  signal: z.preprocess(upperCased, z.enum(RULE_SIGNALS)),
  action: z.preprocess(upperCased, z.enum(ACTIONS)),
  path: z.string().min(1).max(MAX_PATH_LENGTH),
  replacement: z.string().max(MAX_REPLACEMENT_LENGTH).default(''),
  /** Lower goes first where several rules meet at one value; equal ones in the order they are written. */
  priority: z.number().int().min(0).max(1_000_000).default(100),
  /**
   * What happens where the rule applies and cannot be carried out (operations used up, text too long or not UTF-8 for a
   * regular expression): `skip` forwards the value **unmasked** (fails open), `drop` removes what DROP would have
   * removed there (fails closed), `fail` refuses the whole request.
   */
  onError: z.preprocess(lowerCased, z.enum(ON_ERROR)).default('skip'),
  /** A rule that is off is parsed and checked, and does nothing. */
  enabled: z.boolean().default(true),
})

export type MaskRule = z.infer<typeof maskRuleSchema>

function upperCased(value: unknown): unknown {
  return typeof value === 'string' ? value.toUpperCase() : value
}

function lowerCased(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}
