/** A text of somebody else in a line of GitHub's Markdown: no markup, HTML, link or mention comes out of it. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_[\]|~#!$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('://', ':&#47;/')
    .replaceAll(/(^|[^\w])@(?=\w)/g, '$1@\u200b')
}

/** Lines in a fixed-width font; in a fence nothing is markup, or a mention. */
export function markdownPre(lines: readonly string[]): string {
  return ['```text', ...lines.map((line) => oneLine(line).replaceAll('`', "'")), '```'].join('\n')
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
