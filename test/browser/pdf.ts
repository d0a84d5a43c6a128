import { inflateSync } from 'node:zlib'

/** What can be told of a PDF that Chromium made, without a library. */
export interface PdfFacts {
  readonly pages: number
  /** Titles of the outline, in order. */
  readonly headings: readonly string[]
  /** How often each colour is drawn with, as `#rrggbb`: charts are lines on paper, not pictures. */
  readonly strokes: ReadonlyMap<string, number>
}

export function readPdf(pdf: Buffer): PdfFacts {
  const text = pdf.toString('latin1')
  const titles = text.matchAll(/\/Title (\((?:\\.|[^\\)])*\)|<[0-9A-F]+>)/gi)
  return {
    pages: [...text.matchAll(/\/Type \/Page\b(?!s)/g)].length,
    headings: [...titles].map((match) => textOf(match[1]!)),
    strokes: strokesOf(pdf, text),
  }
}

/** A dashed line is painted as an area with many corners; areas with few are ornaments. */
const MIN_CORNERS = 10

function strokesOf(pdf: Buffer, text: string): ReadonlyMap<string, number> {
  const strokes = new Map<string, number>()
  for (const match of text.matchAll(/\/FlateDecode\s*\/Length (\d+)>>\s*stream\r?\n/g)) {
    const start = match.index + match[0].length
    const operators = inflateSync(pdf.subarray(start, start + Number(match[1]))).toString('latin1')
    let color = ''
    let corners = 0
    for (const line of operators.split('\n')) {
      const [red, green, blue, operator] = line.split(' ')
      if (operator === 'RG') color = `#${[red, green, blue].map(hex).join('')}`
      if (line.endsWith(' l')) corners++
      if (line !== 'S' && line !== 'f') continue
      if (line === 'S' || corners >= MIN_CORNERS) strokes.set(color, (strokes.get(color) ?? 0) + 1)
      corners = 0
    }
  }
  return strokes
}

function hex(share: string | undefined): string {
  return Math.round(Number(share) * 255)
    .toString(16)
    .padStart(2, '0')
}

/** A string object: Latin characters in brackets, or hexadecimal UTF-16. */
function textOf(object: string): string {
  if (object.startsWith('(')) return object.slice(1, -1).replaceAll(/\\(.)/g, '$1')
  const bytes = Buffer.from(object.slice(1, -1), 'hex')
  const isUtf16 = bytes[0] === 0xfe && bytes[1] === 0xff
  return isUtf16 ? bytes.subarray(2).swap16().toString('utf16le') : bytes.toString('latin1')
}
