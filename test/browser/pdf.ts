import { inflateSync } from 'node:zlib'

/** What can be told of a PDF that Chromium made, without a library. */
export interface PdfFacts {
  readonly pages: number
  /** Titles of the outline, in order. */
  readonly headings: readonly string[]
  /** Pictures of some size; `colors` counts different bytes of their data. */
  readonly images: readonly { readonly width: number; readonly height: number; readonly colors: number }[]
}

/** Small pictures are ornaments. */
const MIN_IMAGE_PIXELS = 10_000

/** Reads pages, outline and pictures. */
export function readPdf(pdf: Buffer): PdfFacts {
  const text = pdf.toString('latin1')
  const number = (dictionary: string, name: string) =>
    Number(new RegExp(`/${name} (\\d+)`).exec(dictionary)?.[1] ?? 0)
  const images: { width: number; height: number; colors: number }[] = []
  for (const match of text.matchAll(/<<((?:(?!>>).)*\/Subtype \/Image(?:(?!>>).)*)>>\s*stream\r?\n/gs)) {
    const [width, height] = [number(match[1]!, 'Width'), number(match[1]!, 'Height')]
    // Masks are grey pictures of the same size.
    if (width * height < MIN_IMAGE_PIXELS || match[1]!.includes('/DeviceGray')) continue
    const start = match.index + match[0].length
    const data = pdf.subarray(start, start + number(match[1]!, 'Length'))
    const bytes = match[1]!.includes('/FlateDecode') ? inflateSync(data) : data
    images.push({ width, height, colors: new Set(bytes).size })
  }
  return {
    pages: [...text.matchAll(/\/Type \/Page\b(?!s)/g)].length,
    headings: [...text.matchAll(/\/Title (\((?:\\.|[^\\)])*\)|<[0-9A-F]+>)/gi)].map((match) =>
      textOf(match[1]!),
    ),
    images,
  }
}

/** A string object: Latin characters in brackets, or hexadecimal UTF-16. */
function textOf(object: string): string {
  if (object.startsWith('(')) return object.slice(1, -1).replaceAll(/\\(.)/g, '$1')
  const bytes = Buffer.from(object.slice(1, -1), 'hex')
  return bytes[0] === 0xfe && bytes[1] === 0xff
    ? bytes.subarray(2).swap16().toString('utf16le')
    : bytes.toString('latin1')
}
