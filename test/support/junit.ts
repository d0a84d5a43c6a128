/** What one run of `bun test` over one file came to. */
export interface FileCounts {
  readonly passed: number
  readonly failed: number
  /** Full names of skipped (and `todo`) tests. */
  readonly skipped: readonly string[]
  /** Full names of failed tests. */
  readonly failures: readonly string[]
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&apos;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&#10;': ' ',
}

/** Reads the file of Bun's JUnit reporter: one `testcase` element a test, with `skipped` or `failure` inside. */
export function parseJunit(xml: string): FileCounts {
  const skipped: string[] = []
  const failures: string[] = []
  let passed = 0
  for (const match of xml.matchAll(/<testcase ([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const attributes = match[1]!
    const body = match[3] ?? ''
    const group = attribute(attributes, 'classname')
    const name = [group, attribute(attributes, 'name')].filter((part) => part !== '').join(' > ')
    if (/<(failure|error)\b/.test(body)) failures.push(name)
    // Hooks of a skipped group are listed too.
    else if (/<skipped\b/.test(body)) {
      if (!name.endsWith('(unnamed)')) skipped.push(name)
    } else passed++
  }
  return { passed, failed: failures.length, skipped, failures }
}

function attribute(text: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1] ?? ''
  return value.replace(/&[^;]+;/g, (entity) => ENTITIES[entity] ?? entity)
}
