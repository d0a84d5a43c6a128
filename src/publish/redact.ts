import { AppError } from '../errors/app-error.ts'
import type { ExperimentResult } from '../result/result.ts'
import { isSecretKey, maskCredentials, maskLoose, maskSecrets } from '../workload/secrets.ts'

/** Texts that explain: `password: has no counterpart here` tells no password. */
const SENTENCES = new Set([
  'message',
  'hint',
  'notes',
  'ignoredSettings',
  'measurementReasons',
  'integrityReasons',
  'contractBreaches',
  'failure',
  'error',
  'partial',
  'interrupted',
])
/** Encoded histograms: long, and nothing a person wrote. */
const OPAQUE = new Set(['hdr'])

/**
 * A copy of the result in which everything that looks like a secret is masked once more: it may come from an older version,
 * or have been edited, and what is published cannot be taken back. Pure.
 */
export function redacted(result: ExperimentResult): ExperimentResult {
  return walk(result, '') as ExperimentResult
}

function walk(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (OPAQUE.has(key)) return value
    return SENTENCES.has(key) ? maskCredentials(value) : maskLoose(value)
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskAt(name, item)] as const))
}

function maskAt(name: string, item: unknown): unknown {
  if (name === 'settings') return maskSecrets(item)
  if (isSecretKey(name)) return maskSecrets({ [name]: item }, [name])
  return walk(item, name)
}

/** Shorter values of the environment are words that a report may hold for another reason. */
const MIN_SECRET_LENGTH = 10

/** A value that must not be in anything published, in all forms in which a file may hold it. */
export interface ForbiddenValue {
  /** Where it comes from, for the message. */
  readonly source: string
  readonly forms: readonly Buffer[]
}

/** Values of environment variables that hold secrets by their name. */
export function forbiddenValues(
  environment: Readonly<Record<string, string | undefined>>,
): readonly ForbiddenValue[] {
  return Object.entries(environment).flatMap(([variable, value]) => {
    if (value === undefined || value.length < MIN_SECRET_LENGTH || !isSecretKey(variable)) return []
    return [{ source: `$${variable}`, forms: formsOf(value) }]
  })
}

/** As it is, in JSON, in HTML, in an address, and in base64 at any of the three places it may begin at. */
function formsOf(value: string): readonly Buffer[] {
  const json = JSON.stringify(value).slice(1, -1)
  const html = value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
  const texts = new Set([value, json, html, encodeURIComponent(value.toWellFormed()), ...base64Forms(value)])
  return [...texts].map((text) => Buffer.from(text))
}

function base64Forms(value: string): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    const whole = bytes.toString('base64').replaceAll('=', '')
    // Characters that also hold bits of what stands before or after it.
    const first = Math.ceil((offset * 8) / 6)
    return whole.slice(first, Math.floor((bytes.length * 8) / 6))
  })
}

/** Throws `AppError('CONFIG')` when one of the values stands in the file. */
export function refuseForbidden(
  path: string,
  content: Uint8Array,
  forbidden: readonly ForbiddenValue[],
): void {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  for (const { source, forms } of forbidden) {
    if (!forms.some((form) => bytes.includes(form))) continue
    throw new AppError(
      'CONFIG',
      `expected no secret in ${path}, found the value of ${source}: nothing published`,
      {
        hint: `find how it came into the experiment; if it is no secret, unset ${source.slice(1)} for this command`,
      },
    )
  }
}
