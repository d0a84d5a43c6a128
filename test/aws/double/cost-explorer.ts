import { errorAnswer, json } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import type { Machine } from './machine.ts'
import { DOUBLE_PRICES } from './prices.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MONTH_HOURS = 730

export interface CostOptions {
  readonly machines: ReadonlyMap<string, Machine>
  readonly nowMs: () => number
  /** How late usage shows on the bill; a day, in reality. */
  readonly delayMs: () => number
  /** Tag keys that are activated for cost allocation: others group and filter as if nothing had them. */
  readonly activeTags: Set<string>
  /** Groups, or tag keys, of one page; more need further calls. */
  readonly pageSize: () => number
}

/** What something cost over a time. */
interface Usage {
  readonly service: string
  readonly usageType: string
  readonly hourUsd: number
  readonly fromMs: number
  readonly toMs: number
  readonly tags: Readonly<Record<string, string>>
}

interface Request {
  readonly TimePeriod?: { readonly Start: string; readonly End: string }
  readonly Granularity?: string
  readonly Metrics?: readonly string[]
  readonly GroupBy?: readonly { readonly Type: string; readonly Key: string }[]
  readonly Filter?: Expression
  readonly TagKey?: string
  readonly TagKeys?: readonly string[]
  readonly CostAllocationTagsStatus?: readonly { readonly TagKey: string; readonly Status: string }[]
  readonly NextPageToken?: string
  readonly NextToken?: string
}

interface Expression {
  readonly And?: readonly Expression[]
  readonly Or?: readonly Expression[]
  readonly Not?: Expression
  readonly Tags?: { readonly Key: string; readonly Values: readonly string[] }
  readonly Dimensions?: { readonly Key: string; readonly Values: readonly string[] }
}

const METRICS = ['UnblendedCost', 'AmortizedCost', 'BlendedCost', 'NetUnblendedCost', 'UsageQuantity']

/** Cost Explorer, computed from what ran; null for calls of other services. */
export function costAnswer(call: ApiCall, options: CostOptions): Response | null {
  if (call.service !== 'ce') return null
  const request = call.json as Request
  switch (call.action) {
    case 'GetCostAndUsage':
      return costAndUsage(request, options)
    case 'GetTags':
      return json(tagsAnswer(request, options))
    case 'UpdateCostAllocationTagsStatus':
      for (const { TagKey, Status } of request.CostAllocationTagsStatus ?? []) {
        if (Status === 'Active') options.activeTags.add(TagKey)
        else options.activeTags.delete(TagKey)
      }
      return json({ Errors: [] })
    case 'ListCostAllocationTags':
      return json(allocationTags(request, options))
    default:
      return null
  }
}

function costAndUsage(request: Request, options: CostOptions): Response {
  const refusal = refusalOf(request)
  if (refusal !== null) return errorAnswer('json', { code: 'ValidationException', message: refusal })
  const { Start, End } = request.TimePeriod!
  const billed = usages(options).filter((usage) => holds(request.Filter, usage, options.activeTags))
  const metrics = request.Metrics ?? []
  const groupBy = request.GroupBy ?? []
  const results = periods(Start, End, request.Granularity ?? 'DAILY').map(([fromMs, toMs]) => {
    const parts = billed
      .map((usage) => ({ usage, hours: overlapHours(usage, fromMs, toMs) }))
      .filter(({ hours }) => hours > 0)
    const groups = Map.groupBy(parts, ({ usage }) =>
      groupBy.map((group) => keyOf(group, usage, options.activeTags)).join('\u0000'),
    )
    return {
      TimePeriod: { Start: dateOf(fromMs), End: dateOf(toMs) },
      Total: groupBy.length === 0 ? sums(parts, metrics) : {},
      Groups:
        groupBy.length === 0
          ? []
          : [...groups].map(([keys, own]) => ({ Keys: keys.split('\u0000'), Metrics: sums(own, metrics) })),
      Estimated: toMs > options.nowMs() - options.delayMs(),
    }
  })
  const { page, next } = pageOf(results, Number(request.NextPageToken ?? 0), options.pageSize())
  return json({
    ...{ GroupDefinitions: groupBy, ResultsByTime: page, DimensionValueAttributes: [] },
    ...(next !== null && { NextPageToken: String(next) }),
  })
}

/** So many groups from `start` on, counted over all periods; periods without groups come on the first page. */
function pageOf<T extends { readonly Groups: readonly unknown[] }>(
  results: readonly T[],
  start: number,
  size: number,
): { readonly page: T[]; readonly next: number | null } {
  let before = 0
  const page: T[] = []
  for (const result of results) {
    const from = Math.max(0, start - before)
    const Groups = result.Groups.slice(from, Math.max(from, start + size - before))
    if (Groups.length > 0 || (result.Groups.length === 0 && start === 0)) page.push({ ...result, Groups })
    before += result.Groups.length
  }
  return { page, next: start + size < before ? start + size : null }
}

function refusalOf({ TimePeriod, Metrics = [], GroupBy = [] }: Request): string | null {
  if (TimePeriod === undefined) return 'TimePeriod is required'
  if (!(Date.parse(TimePeriod.Start) < Date.parse(TimePeriod.End)))
    return 'Start date must be before end date'
  const unknown = Metrics.find((metric) => !METRICS.includes(metric))
  if (unknown !== undefined) return `Unrecognized metric ${unknown}`
  return GroupBy.length > 2 ? 'At most two GroupBy are allowed' : null
}

function usages({ machines, nowMs, delayMs }: CostOptions): Usage[] {
  const visibleMs = nowMs() - delayMs()
  return [...machines.values()].flatMap((machine) => {
    const { type, isSpot, startedMs, tags, diskGb, publicAddress } = machine
    const onDemand = DOUBLE_PRICES.instanceHour[type] ?? DOUBLE_PRICES.otherInstanceHour
    const time = { fromMs: startedMs, toMs: Math.min(machine.endedMs ?? visibleMs, visibleMs), tags }
    return [
      {
        service: 'Amazon Elastic Compute Cloud - Compute',
        usageType: `USW2-${isSpot ? 'SpotUsage' : 'BoxUsage'}:${type}`,
        hourUsd: isSpot ? onDemand * DOUBLE_PRICES.spotShare : onDemand,
        ...time,
      },
      {
        service: 'EC2 - Other',
        usageType: 'USW2-EBS:VolumeUsage.gp3',
        hourUsd: (diskGb * DOUBLE_PRICES.gigabyteMonth) / MONTH_HOURS,
        ...time,
      },
      ...(publicAddress === null
        ? []
        : [
            {
              service: 'Amazon Virtual Private Cloud',
              usageType: 'USW2-PublicIPv4:InUseAddress',
              hourUsd: DOUBLE_PRICES.publicAddressHour,
              ...time,
            },
          ]),
    ]
  })
}

function overlapHours(usage: Usage, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(usage.toMs, toMs) - Math.max(usage.fromMs, fromMs)) / HOUR_MS
}

function sums(parts: readonly { usage: Usage; hours: number }[], metrics: readonly string[]) {
  let hours = 0
  let usd = 0
  for (const part of parts) {
    hours += part.hours
    usd += part.hours * part.usage.hourUsd
  }
  const metric = (name: string) =>
    name === 'UsageQuantity' ? { Amount: String(hours), Unit: 'N/A' } : { Amount: String(usd), Unit: 'USD' }
  return Object.fromEntries(metrics.map((name) => [name, metric(name)]))
}

function keyOf(group: { Type: string; Key: string }, usage: Usage, active: ReadonlySet<string>): string {
  if (group.Type === 'TAG') return `${group.Key}$${tagOf(usage, group.Key, active)}`
  return group.Key === 'SERVICE' ? usage.service : usage.usageType
}

function tagOf(usage: Usage, key: string, active: ReadonlySet<string>): string {
  return active.has(key) ? (usage.tags[key] ?? '') : ''
}

function holds(filter: Expression | undefined, usage: Usage, active: ReadonlySet<string>): boolean {
  if (filter === undefined) return true
  if (filter.And) return filter.And.every((each) => holds(each, usage, active))
  if (filter.Or) return filter.Or.some((each) => holds(each, usage, active))
  if (filter.Not) return !holds(filter.Not, usage, active)
  if (filter.Tags) return filter.Tags.Values.includes(tagOf(usage, filter.Tags.Key, active))
  // All that it knows is usage: no credits, no taxes.
  if (filter.Dimensions?.Key === 'RECORD_TYPE') return filter.Dimensions.Values.includes('Usage')
  if (filter.Dimensions?.Key === 'SERVICE') return filter.Dimensions.Values.includes(usage.service)
  return true
}

function periods(start: string, end: string, granularity: string): [number, number][] {
  const result: [number, number][] = []
  const endMs = Date.parse(end)
  for (let fromMs = Date.parse(start); fromMs < endMs; ) {
    const toMs = granularity === 'MONTHLY' ? nextMonth(fromMs) : fromMs + DAY_MS
    result.push([fromMs, Math.min(toMs, endMs)])
    fromMs = toMs
  }
  return result
}

function nextMonth(ms: number): number {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function tagsAnswer({ TagKey }: Request, { machines, activeTags }: CostOptions) {
  const all = [...machines.values()].flatMap(({ tags }) =>
    TagKey === undefined ? Object.keys(tags) : [tags[TagKey] ?? ''],
  )
  const isShown = (value: string) => (TagKey === undefined ? activeTags.has(value) : activeTags.has(TagKey))
  const values = [...new Set(all)].filter(isShown)
  return { Tags: values, ReturnSize: values.length, TotalSize: values.length }
}

/** Tags show a day late here too. */
function allocationTags(
  { TagKeys, NextToken }: Request,
  { machines, activeTags, nowMs, delayMs, pageSize }: CostOptions,
) {
  const seen = [...machines.values()].filter(({ startedMs }) => startedMs <= nowMs() - delayMs())
  const keys = [...new Set(seen.flatMap(({ tags }) => Object.keys(tags)))].filter(
    (key) => TagKeys === undefined || TagKeys.includes(key),
  )
  const start = Number(NextToken ?? 0)
  const end = start + pageSize()
  return {
    CostAllocationTags: keys.slice(start, end).map((key) => ({
      ...{ TagKey: key, Type: 'UserDefined' },
      Status: activeTags.has(key) ? 'Active' : 'Inactive',
    })),
    ...(end < keys.length && { NextToken: String(end) }),
  }
}
