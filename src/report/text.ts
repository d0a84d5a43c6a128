/** Text of one setting or file that the page shows; more is cut, and the page says where it is whole. */
const MAX_SETTING_LENGTH = 2_000
const MAX_SOURCE_LENGTH = 60_000

/** `2026-11-21 10:00:00 UTC`; what is no date stays as it is. */
export function utc(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A setting's value, cut where it is so long that nobody reads it in a table. */
export function settingText(text: string): string {
  return cut(text, MAX_SETTING_LENGTH, ' … (whole in result.json)')
}

/** A file's text, cut where it would make the page too large to send. */
export function sourceText(text: string): string {
  return cut(text, MAX_SOURCE_LENGTH, '\n… (whole in raw_data/result.json)\n')
}

function cut(text: string, length: number, ending: string): string {
  return text.length <= length ? text : `${text.slice(0, length)}${ending}`
}

/** A number and its unit stay on one line. */
export function unbroken(text: string): string {
  return text.replaceAll(/(\d) (%|ms|µs|s|msg\/s|MB|bytes)(?![\p{L}\d])/gu, '$1\u00a0$2')
}

/** A part of a sentence; the small print is what a test says of its claim. */
export interface SentencePart {
  readonly text: string
  readonly small: boolean
}

/** A verdict's sentence, with what stands in brackets beside a p value as small print. */
export function sentenceParts(sentence: string): readonly SentencePart[] {
  return unbroken(sentence)
    .split(/(\([^()]*\bp=[^()]*\))/)
    .flatMap((text, i) => (text === '' ? [] : { text, small: i % 2 === 1 }))
}
