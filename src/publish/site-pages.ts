import { entryView, indexView, labelColors } from './index-view.ts'
import { PAGE_ENTRY_BYTES, PAGE_EXPERIMENTS } from './limits.ts'
import type { SiteEntry } from './manifest.ts'
import { SITE_TEMPLATES } from './site-templates.ts'
import { trendsView } from './trends-view.ts'

interface Rendered {
  readonly entry: SiteEntry
  readonly html: string
}

/**
 * The pages of a site, in the order in which they are to be written: name → HTML. Older experiments have pages of their
 * own, numbered from the oldest, so that a full one never changes again. Pure: the same experiments give the same bytes.
 */
export function sitePages(newestFirst: readonly SiteEntry[]): ReadonlyMap<string, string> {
  const oldestFirst = [...newestFirst].reverse()
  const colors = labelColors(oldestFirst)
  const chunks = chunked(
    oldestFirst.map((entry) => ({ entry, html: SITE_TEMPLATES.entry(entryView(entry, colors)) })),
  )
  // The first page takes the last two, so that it is never nearly empty.
  const older = chunks.slice(0, -2)
  const pages = new Map([['trends.html', SITE_TEMPLATES.trends(trendsView(newestFirst))]])
  for (const [index, chunk] of older.entries()) {
    pages.set(`older-${index + 1}.html`, indexPage(chunk, index + 1, older.length))
  }
  pages.set('index.html', indexPage(chunks.slice(-2).flat(), null, older.length))
  return pages
}

function indexPage(oldestFirst: readonly Rendered[], number: number | null, olderPages: number): string {
  const shown = [...oldestFirst].reverse()
  const view = indexView(
    shown.map(({ entry }) => entry),
    shown.map(({ html }) => html),
    { number, olderPages },
  )
  return SITE_TEMPLATES.index(view)
}

/** Parts that are full by their number or by their size; only the last one may grow. */
function chunked(oldestFirst: readonly Rendered[]): readonly (readonly Rendered[])[] {
  const chunks: Rendered[][] = []
  let sizeBytes = 0
  for (const rendered of oldestFirst) {
    const last = chunks.at(-1)
    const entryBytes = Buffer.byteLength(rendered.html)
    if (last !== undefined && last.length < PAGE_EXPERIMENTS && sizeBytes + entryBytes <= PAGE_ENTRY_BYTES) {
      last.push(rendered)
      sizeBytes += entryBytes
    } else {
      chunks.push([rendered])
      sizeBytes = entryBytes
    }
  }
  return chunks
}
