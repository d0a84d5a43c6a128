import { javaProperties } from '../driver/java-properties.ts'

/** What stands in a result where a secret stood. */
export const MASK = '***'

const SECRET_WORD = 'passw(?:or)?d|passphrase|secret|token|credential|jaas|api[_.-]?key|private[_.-]?key'
const SECRET_KEY = new RegExp(SECRET_WORD, 'i')
/** Such keys name where a secret lies, and are no secret themselves. */
const SECRET_PLACE = /(env|file|path|location)$/i
/** `password = "x"` inside a text, quoted or up to the next separator. */
const INLINE_SECRET = new RegExp(
  `([\\w.-]*(?:${SECRET_WORD})[\\w.-]*\\s*[=:]\\s*)("(?:\\\\.|[^"\\\\])*"|'[^']*'|[^\\s;,&]+)`,
  'gi',
)
/** User and password of a URI; a password may hold a stray `@` or `/`, but no second `://`. */
const URI_PASSWORD = /(:\/\/[^\s:@/]*):(?:(?!:\/\/)\S)*@/g

/** Whether the value of such a key must not be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !SECRET_PLACE.test(key)
}

/** Masks what looks like a secret inside a value: Java properties, `password=…`, URI passwords. */
export function maskText(text: string): string {
  return maskLoose(maskProperties(text))
}

/** As `maskText`, for a text that is no properties text whatever it looks like: YAML, a command line. */
export function maskLoose(text: string): string {
  return maskUris(text).replace(INLINE_SECRET, maskInline)
}

/** Masks URI passwords only: for sentences, in which `password: …` is an explanation. */
export function maskUris(text: string): string {
  return text.replace(URI_PASSWORD, `$1:${MASK}@`)
}

function maskInline(whole: string, key: string, value: string): string {
  if (SECRET_PLACE.test(key.replace(/\s*[=:]\s*$/, ''))) return whole
  const quote = /^["']/.exec(value)?.[0] ?? ''
  return `${key}${quote}${MASK}${quote}`
}

function maskProperties(text: string): string {
  if (!/[=:]/.test(text) || !SECRET_KEY.test(text)) return text
  try {
    const properties = javaProperties(text)
    if (!properties.some(({ key }) => isSecretKey(key))) return text
    return properties.map(({ key, value }) => `${key}=${isSecretKey(key) ? MASK : value}`).join('\n')
  } catch {
    return MASK
  }
}

/**
 * A copy of plain data with secrets masked: values at `secretPaths` (dotted), values of keys that look secret, and
 * secrets inside texts.
 */
export function maskSecrets(value: unknown, secretPaths: readonly string[] = []): unknown {
  return masked(value, '', new Set(secretPaths), false)
}

function masked(value: unknown, path: string, secretPaths: ReadonlySet<string>, secret: boolean): unknown {
  if (value === null || value === undefined) return value
  if (Array.isArray(value)) return value.map((item) => masked(item, path, secretPaths, secret))
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => {
      const itemPath = path === '' ? key : `${path}.${key}`
      const itemSecret = secret || secretPaths.has(itemPath) || isSecretKey(key)
      return [key, masked(item, itemPath, secretPaths, itemSecret)] as const
    })
    return Object.fromEntries(entries)
  }
  if (secret) return MASK
  return typeof value === 'string' ? maskText(value) : value
}
