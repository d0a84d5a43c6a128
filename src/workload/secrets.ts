import { javaProperties } from '../driver/java-properties.ts'

/** What stands in a result where a secret stood. */
export const MASK = '***'

const SECRET_WORD =
  'passw(?:or)?d|passphrase|secret|token|credential|jaas|(?:api|private|access)[_.-]?key|authorization(?!Enabled)|auth[_.-]?params|cookie|signature'
const SECRET_KEY = new RegExp(SECRET_WORD, 'i')
/** Such keys name where a secret lies, and are no secret themselves. */
const SECRET_PLACE = /(env|file|path|location)$/i
/** `password = "x"` inside a text, quoted or up to the next separator. */
const INLINE_SECRET = new RegExp(
  `([\\w.-]*(?:${SECRET_WORD})[\\w.-]*\\s*[=:]\\s*)("(?:\\\\.|[^"\\\\])*"|'[^']*'|[^\\s;,&]+)`,
  'gi',
)
/** The rest of a header, whatever its scheme: the value has a space in it. */
const AUTHORIZATION =
  /(authorization["']?\s*[=:]\s*["']?)(?:(?:basic|bearer|digest|token|apikey)\s+)?[^\s"',;}\]]+/gi
/** Told of by no key: the scheme of a header, a key in PEM, a JSON web token. */
const BEARER = /\b(bearer\s+)[\w.~+/-]{8,}=*/gi
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g
const WEB_TOKEN = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g
/** User and password of a URI; a password may hold a stray `@` or `/`, but no second `://`. */
const URI_PASSWORD = /(:\/\/[^\s:@/]*):(?:(?!:\/\/)\S)*@/g

/** Whether the value of such a key must not be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !SECRET_PLACE.test(key)
}

/** Whether the value of such a key is the name of an environment variable that holds a secret. */
export function namesSecretVariable(key: string): boolean {
  return SECRET_KEY.test(key) && /env$/i.test(key)
}

/** Passwords of the URIs in a text, as written and decoded. */
export function uriPasswords(text: string): string[] {
  return [...text.matchAll(/:\/\/[^\s:@/]*:((?:(?!:\/\/)\S)*)@/g)].flatMap(([, password]) => {
    try {
      return [password!, decodeURIComponent(password!)]
    } catch {
      return [password!]
    }
  })
}

/** Masks what looks like a secret inside a value: Java properties, `password=…`, URI passwords. */
export function maskText(text: string): string {
  return maskLoose(maskProperties(text))
}

/** As `maskText`, for a text that is no properties text whatever it looks like: YAML, a command line. */
export function maskLoose(text: string): string {
  return maskCredentials(text).replace(INLINE_SECRET, maskInline)
}

/** Masks what is a secret by its own form, wherever it stands: for sentences, in which `password: …` is an explanation. */
export function maskCredentials(text: string): string {
  return maskUris(text)
    .replace(PRIVATE_KEY, MASK)
    .replace(AUTHORIZATION, `$1${MASK}`)
    .replace(BEARER, `$1${MASK}`)
    .replace(WEB_TOKEN, MASK)
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
