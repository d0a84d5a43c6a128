/** A text of somebody else in a line of Markdown (GitHub's): shown as it is, whatever it holds. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_[\]|~#!$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('://', ':&#47;/')
}

/** Lines in a fixed-width font. */
export function markdownPre(lines: readonly string[]): string {
  const html = lines.map((line) =>
    oneLine(line).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  )
  return `<pre>${html.join('\n')}</pre>`
}

/** A link to an http(s) address; the text alone where the address is none. */
export function markdownLink(text: string, address: string): string {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) return markdownText(text)
  return `[${markdownText(text)}](<${url.href.replaceAll('<', '%3C').replaceAll('>', '%3E')}>)`
}

function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
