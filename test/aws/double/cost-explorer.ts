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
  readonly activeTags: ReadonlySet<string>
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
    case 'ListCostAllocationTags':
      return json({ CostAllocationTags: allocationTags(options) })
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
  return json({
    GroupDefinitions: groupBy,
    ResultsByTime: periods(Start, End, request.Granularity ?? 'DAILY').map(([fromMs, toMs]) => {
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
    }),
    DimensionValueAttributes: [],
  })
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
    const { type, isSpot, startedMs, tags, diskGb } = machine
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

function allocationTags({ machines, activeTags }: CostOptions) {
  const keys = new Set([...machines.values()].flatMap(({ tags }) => Object.keys(tags)))
  return [...keys].map((key) => ({
    ...{ TagKey: key, Type: 'UserDefined' },
    Status: activeTags.has(key) ? 'Active' : 'Inactive',
  }))
}
