import { indexView } from './index-view.ts'
import { PAGE_EXPERIMENTS } from './limits.ts'
import type { SiteEntry } from './manifest.ts'
import { SITE_TEMPLATES } from './site-templates.ts'
import { trendsView } from './trends-view.ts'

/**
 * The pages of a site, in the order in which they are to be written: name → HTML. Older experiments have pages of their
 * own, numbered from the oldest, so that a full one never changes again. Pure: the same experiments give the same bytes.
 */
export function sitePages(experiments: readonly SiteEntry[]): ReadonlyMap<string, string> {
  const pages = new Map<string, string>()
  pages.set('trends.html', SITE_TEMPLATES.trends(trendsView(experiments)))
  const olderPages = olderPageCount(experiments.length)
  const oldestFirst = [...experiments].reverse()
  for (let number = 1; number <= olderPages; number++) {
    const shown = oldestFirst.slice((number - 1) * PAGE_EXPERIMENTS, number * PAGE_EXPERIMENTS).reverse()
    pages.set(`older-${number}.html`, SITE_TEMPLATES.index(indexView(shown, { number, olderPages })))
  }
  const newest = experiments.slice(0, experiments.length - olderPages * PAGE_EXPERIMENTS)
  pages.set('index.html', SITE_TEMPLATES.index(indexView(newest, { number: null, olderPages })))
  return pages
}

/** The first page holds between one and two pages' worth, so that it is never nearly empty. */
function olderPageCount(experiments: number): number {
  return Math.max(0, Math.ceil(experiments / PAGE_EXPERIMENTS) - 2)
}
