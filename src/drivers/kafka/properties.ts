/**
 * Reads `java.util.Properties` text: `key=value`, `key: value` or `key value`, `#` and `!` comments, a backslash at
 * the end continues the line. Later keys win.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  const lines = text.replace(/\\\r?\n[ \t]*/g, '').split(/\r?\n/)
  for (const line of lines) {
    const trimmed = line.trimStart()
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue
    const match = /^((?:\\.|[^\\=:\s])+)\s*[=:]?\s*(.*)$/.exec(trimmed)
    if (match) properties.set(unescaped(match[1]!), unescaped(match[2]!))
  }
  return properties
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, unicode: string | undefined, character: string) =>
    unicode === undefined
      ? (ESCAPES[character] ?? character)
      : String.fromCharCode(Number.parseInt(unicode, 16)),
  )
}
