import { countText, msText } from '../result/figures.ts'
import type { SiteEntry, SiteLoad, SiteSide } from './manifest.ts'
import { pageOf } from './publish-experiment.ts'
import { utcMinute } from './utc.ts'

/** Colours of the page's palette; further labels begin again, their names still tell them apart. */
const PALETTE_SIZE = 6

/** Which page of the index it is. */
export interface IndexPage {
  /** 1 for the page of the oldest experiments; null for the first page, which has the newest. */
  readonly number: number | null
  readonly olderPages: number
}

/** What `site-index.html.hbs` shows. Pure. */
export function indexView(experiments: readonly SiteEntry[], { number, olderPages }: IndexPage) {
  const labels = [...new Set(experiments.flatMap(({ sides }) => sides.map(({ label }) => label)))]
  const colorOf = (label: string) => labels.indexOf(label) % PALETTE_SIZE
  const workloads = [...new Set(experiments.map(({ workload }) => workload))].sort()
  return {
    title: number === null ? 'Experiments' : `Experiments, page ${number} from the oldest`,
    summary: summaryOf(experiments, workloads.length, olderPages),
    workloads,
    rows: experiments.map((entry) => ({
      ...rowOf(entry),
      sides: entry.sides.map((side) => sideOf(side, colorOf)),
    })),
    links: linksOf(number, olderPages),
  }
}

function summaryOf(experiments: readonly SiteEntry[], workloads: number, olderPages: number): string {
  if (experiments.length === 0) return 'None yet.'
  const first = utcMinute(experiments.at(-1)!.startedAt).slice(0, 10)
  const last = utcMinute(experiments[0]!.startedAt).slice(0, 10)
  const span = first === last ? last : `${first} to ${last}`
  const plural = (count: number, noun: string) => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
  const here = olderPages === 0 ? '' : ' on this page'
  return `${plural(experiments.length, 'experiment')}${here} over ${plural(workloads, 'workload')} · ${span}`
}

function rowOf(entry: SiteEntry) {
  const {
    id,
    startedAt,
    workload,
    load,
    partial,
    tone,
    first,
    headToHead,
    host,
    benchVersion,
    moreSides,
    sides,
  } = entry
  const badge =
    partial !== null ? 'partial' : { good: 'fine', notice: 'with doubts', bad: 'not to be trusted' }[tone]
  return {
    id,
    href: pageOf(id),
    started: utcMinute(startedAt),
    startedAt,
    workload,
    load,
    tone: partial !== null && tone === 'good' ? 'notice' : tone,
    badge,
    first,
    headToHead: headToHead ?? '',
    made: `${host} · bench ${benchVersion}`,
    more: moreSides === 0 ? '' : `and ${moreSides} more`,
    search: [
      id,
      workload,
      load,
      host,
      first,
      ...sides.flatMap(({ label, driver, version }) => [label, driver, version]),
    ]
      .join(' ')
      .toLowerCase(),
  }
}

function sideOf({ label, version, verdict, tone, loads }: SiteSide, colorOf: (label: string) => number) {
  return { label, version, verdict, tone, color: colorOf(label), loads: loads.map(loadText) }
}

/** `20,000 msg/s, 7 trials: publish p99 1.23 ms, end-to-end p99 2.34 ms`. */
function loadText({
  rateHz,
  trials,
  held,
  publishedHz,
  publishP99Us,
  endToEndP99Us,
  atLeast,
}: SiteLoad): string {
  const p99 = (us: number | null, isLeast: boolean) =>
    us === null ? '–' : `${isLeast ? '≥ ' : ''}${msText(us)}`
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
