import { AppError, messageOf } from '../errors/app-error.ts'
import { type ExperimentResult, RESULT_SCHEMA_VERSION } from './result.ts'
import { experimentResultSchema } from './schema.ts'

/** Problems of one file that are told at once. */
const MAX_PROBLEMS = 5

/**
 * Reads the text of a `result.json`. `file` is for messages only. Fields that this version does not know are kept.
 * Throws `AppError('CONFIG')`.
 */
export function parseResult(content: string, file: string): ExperimentResult {
  return checkResult(parseJson(content, file), file)
}

/** As `parseResult`, of JSON that was read already. */
export function checkResult(raw: unknown, file: string): ExperimentResult {
  checkVersion(raw, file)
  const checked = experimentResultSchema.safeParse(raw)
  if (checked.success) return raw as ExperimentResult
  const problems = checked.error.issues
    .slice(0, MAX_PROBLEMS)
    .map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  const more = checked.error.issues.length - problems.length
  throw new AppError(
    'CONFIG',
    `expected a result of bench in ${file}, got: ${problems.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    { hint: 'the file was changed by hand or by another program; run the experiment again' },
  )
}

/** Reads JSON. `file` is for messages only. Throws `AppError('CONFIG')` naming the place where the text is broken. */
export function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    const { line, column } = brokenAt(content)
    throw new AppError('CONFIG', `${file}:${line}:${column}: expected JSON, got: ${messageOf(error)}`, {
      hint: 'the file is broken or cut off; run the experiment again',
      cause: error,
    })
  }
}

function checkVersion(raw: unknown, file: string): void {
  const version =
    typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>).schemaVersion : undefined
  if (version === RESULT_SCHEMA_VERSION) return
  const newer = typeof version === 'number' && version > RESULT_SCHEMA_VERSION
  throw new AppError(
    'CONFIG',
    `expected schemaVersion ${RESULT_SCHEMA_VERSION} in ${file}, got ${JSON.stringify(version) ?? 'none'}`,
    {
      hint: newer
        ? 'a newer bench wrote this result: read it with that version'
        : 'this is not a result of bench, or of a version that cannot be read any more',
    },
  )
}

/** A string, whitespace and what else may stand between brackets; the order matters. */
const TOKEN = /"(?:[^"\\\p{Cc}]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]|\s+/uy

/**
 * Where a broken JSON text stops making sense, 1-based: the first place that is no token, or the end of a text that
 * was cut off. The runtime's own message names no place.
 */
function brokenAt(content: string): { line: number; column: number } {
  let offset = 0
  let previous = ''
  for (;;) {
    TOKEN.lastIndex = offset
    const token = TOKEN.exec(content)?.[0]
    if (token === undefined || !follows(previous, token)) break
    if (token.trim() !== '') previous = token
    offset += token.length
  }
  const before = content.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** Whether a token may stand after another: coarse, but enough to find a missing comma or a stray bracket. */
function follows(previous: string, token: string): boolean {
  if (token.trim() === '') return true
  const ended = previous !== '' && !'{[,:'.includes(previous)
  if (ended) return '}],:'.includes(token)
  if ('}]'.includes(token)) return previous === '{' || previous === '['
  return token !== ',' && token !== ':'
}
