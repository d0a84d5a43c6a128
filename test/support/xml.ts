/** An element of a parsed XML text. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** All text directly in it. */
  readonly text: string
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const NAME = /[A-Za-z_][\w.-]*/y
// XML 1.0 allows no other control characters.
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/**
 * Reads a whole XML text strictly, as far as reports use it (no comments, CDATA, namespaces or document types): throws on
 * anything that is not well-formed.
 */
export function parseXml(text: string): XmlElement {
  const forbidden = FORBIDDEN.exec(text)
  if (forbidden !== null) throw new Error(`character that XML forbids at ${forbidden.index}`)
  let at = 0
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${text.slice(at, at + 40)}`)
  }
  const take = (wanted: string) => {
    if (!text.startsWith(wanted, at)) fail(`expected ${wanted}`)
    at += wanted.length
  }
  const takeName = (): string => {
    NAME.lastIndex = at
    const found = NAME.exec(text)?.[0] ?? fail('expected a name')
    at += found.length
    return found
  }
  const spaces = () => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const decoded = (raw: string): string => {
    if (/&(?!(lt|gt|amp|quot|apos);)/.test(raw)) fail(`stray & in ${raw}`)
    return raw.replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name]!)
  }
  const attributesOf = (): Record<string, string> => {
    const attributes: Record<string, string> = {}
    for (;;) {
      const before = at
      spaces()
      if (text[at] === '>' || text[at] === '/' || text[at] === '?') return attributes
      if (at === before) fail('expected a blank before an attribute')
      const name = takeName()
      if (name in attributes) fail(`attribute ${name} twice`)
      take('="')
      const end = text.indexOf('"', at)
      const raw = text.slice(at, end < 0 ? fail('open attribute') : end)
      if (raw.includes('<')) fail('< in an attribute')
      attributes[name] = decoded(raw)
      at = end + 1
    }
  }
  const element = (): XmlElement => {
    take('<')
    const name = takeName()
    const attributes = attributesOf()
    if (text.startsWith('/>', at)) {
      at += 2
      return { name, attributes, children: [], text: '' }
    }
    take('>')
    const children: XmlElement[] = []
    let own = ''
    while (!text.startsWith('</', at)) {
      if (at >= text.length) fail(`${name} is not closed`)
      if (text[at] === '<') children.push(element())
      else {
        const end = text.indexOf('<', at)
        own += decoded(text.slice(at, end < 0 ? text.length : end))
        at = end < 0 ? text.length : end
      }
    }
    take(`</${name}>`)
    return { name, attributes, children, text: own }
  }
  if (text.startsWith('<?xml')) {
    at = '<?xml'.length
    attributesOf()
    take('?>')
  }
  spaces()
  const root = element()
  spaces()
  if (at !== text.length) fail('expected the end')
  return root
}
