const DIGITS_ONLY = /^-?\d{16,20}$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The document's text, or null when it is not UTF-8. */
export function decodeText(json: Uint8Array): string | null {
  try {
    return utf8.decode(json)
  } catch {
    return null
  }
}

/** The document as objects, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * As `parseJson`, with whole numbers beyond 2⁵³ as bigint: slower, for the documents that hold them. It recurses, so
 * it is also undefined for some thousand levels.
 */
export function parseJsonExact(text: string): unknown {
  try {
    return JSON.parse(text, exactNumber)
  } catch {
    return undefined
  }
}

function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && DIGITS_ONLY.test(source) ? BigInt(source) : value
}
