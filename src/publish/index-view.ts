import { countText, msText, plural } from '../result/figures.ts'
import type { SiteEntry, SiteLoad, SiteSide } from './manifest.ts'
import { pageOf } from './publish-experiment.ts'
import { utcMinute } from './utc.ts'

/** Colours of the page's palette; further labels begin again, their names still tell them apart. */
const PALETTE_SIZE = 6
/** Rates that a side's part of an entry tells of; the rest is counted. */
const MAX_LOADS = 4

/** Which page of the index it is. */
export interface IndexPage {
  /** 1 for the page of the oldest experiments; null for the first page, which has the newest. */
  readonly number: number | null
  readonly olderPages: number
}

/** What `site-index.html.hbs` shows of experiments, whose entries are HTML already. Pure. */
export function indexView(
  experiments: readonly SiteEntry[],
  entries: readonly string[],
  { number, olderPages }: IndexPage,
) {
  const workloads = [...new Set(experiments.map(({ workload }) => workload))].sort()
  return {
    title: number === null ? 'Experiments' : `Experiments, page ${number} from the oldest`,
    summary: summaryOf(experiments, workloads.length, olderPages),
    workloads,
    entries,
    links: linksOf(number, olderPages),
  }
}

function summaryOf(experiments: readonly SiteEntry[], workloads: number, olderPages: number): string {
  if (experiments.length === 0) return 'None yet.'
  const first = utcMinute(experiments.at(-1)!.startedAt).slice(0, 10)
  const last = utcMinute(experiments[0]!.startedAt).slice(0, 10)
  const span = first === last ? last : `${first} to ${last}`
  const here = olderPages === 0 ? '' : ' on this page'
  return `${plural(experiments.length, 'experiment')}${here} of ${plural(workloads, 'workload')} · ${span}`
}

/** A colour for each label, the same on all pages: numbered as they appear, oldest experiment first. */
export function labelColors(oldestFirst: readonly SiteEntry[]): ReadonlyMap<string, number> {
  const labels = new Set(oldestFirst.flatMap(({ sides }) => sides.map(({ label }) => label)))
  return new Map([...labels].map((label, index) => [label, index % PALETTE_SIZE]))
}

const BADGES = { good: 'fine', notice: 'with doubts', bad: 'not to be trusted' } as const

/** What `site-entry.html.hbs` shows. Pure. */
export function entryView(entry: SiteEntry, colors: ReadonlyMap<string, number>) {
  const { id, startedAt, workload, load, partial, first, headToHead, host, benchVersion, moreSides } = entry
  const tone = partial !== null && entry.tone === 'good' ? 'notice' : entry.tone
  return {
    id,
    href: pageOf(id),
    started: utcMinute(startedAt),
    startedAt,
    workload,
    load,
    tone,
    badges: [
      ...(partial === null ? [] : [{ tone: 'notice', text: 'partial' }]),
      { tone: entry.tone, text: BADGES[entry.tone] },
    ].slice(0, entry.tone === 'bad' ? 2 : 1),
    first,
    headToHead: headToHead ?? '',
    made: `${host} · bench ${benchVersion}`,
    more: moreSides === 0 ? '' : `and ${moreSides} more`,
    sides: entry.sides.map((side) => sideView(side, colors)),
  }
}

function sideView({ label, version, verdict, tone, loads }: SiteSide, colors: ReadonlyMap<string, number>) {
  const more = loads.length - MAX_LOADS
  const shown = loads.slice(0, MAX_LOADS).map(loadText)
  return {
    label,
    version,
    verdict,
    tone,
    color: colors.get(label) ?? 0,
    loads: more > 0 ? [...shown, `and ${plural(more, 'rate')} more`] : shown,
  }
}

/** `20,000 msg/s, 7 trials: publish p99 1.23 ms, end-to-end p99 2.34 ms`. */
function loadText(load: SiteLoad): string {
  const { rateHz, trials, held, publishedHz, publishP99Us, endToEndP99Us, atLeast } = load
  const p99 = (us: number | null, isLeast: boolean) =>
    us === null ? '–' : `${isLeast ? '≥\u00a0' : ''}${msText(us)}`
  const offered = `${countText(rateHz)} msg/s`
  const rate = held || publishedHz === null ? offered : `${countText(publishedHz)} of ${offered}`
  const repeated = trials === 1 ? '' : `, ${trials} trials`
  return `${rate}${repeated}: publish p99 ${p99(publishP99Us, atLeast[0])}, end-to-end p99 ${p99(endToEndP99Us, atLeast[1])}`
}

function linksOf(number: number | null, olderPages: number) {
  const links: { readonly href: string; readonly text: string }[] = []
  if (number !== null) {
    const isLast = number === olderPages
    links.push({ href: isLast ? 'index.html' : `older-${number + 1}.html`, text: '← newer' })
  }
  const older = number === null ? olderPages : number - 1
  if (older > 0) links.push({ href: `older-${older}.html`, text: 'older →' })
  return links
}
