import type {
  CostExplorerClient,
  Expression,
  GetCostAndUsageCommandInput,
  ResultByTime,
} from '@aws-sdk/client-cost-explorer'
import { AppError } from '../../errors/app-error.ts'
import { failureKind, passesByItself } from '../aws/failure.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'
import type { Tags } from '../config/tags.ts'

/** Pages of one answer; more means that something loops. Each page is a request that AWS charges for. */
const MAX_PAGES = 100
/** Tag keys of one question. */
const MAX_KEYS = 100
/** Without credits and refunds, which tell of the account and not of what ran. */
const NOT_USAGE = ['Credit', 'Refund']

/** What is asked of the bill. Days are UTC, `YYYY-MM-DD`. */
export interface BillQuestion {
  /** Only what carries all of these tags. */
  readonly tags: Tags
  /** Tag key whose values become `BillRow.group`; null: all rows have the group ''. */
  readonly groupBy: string | null
  readonly fromDay: string
  /** The first day that is not asked for. */
  readonly untilDay: string
}

/** What a service cost, for one value of the tag that was grouped by. */
export interface BillRow {
  readonly service: string
  /** '' where the resource does not carry the tag, or nothing was grouped by. */
  readonly group: string
  readonly usd: number
}

export interface BillDay {
  readonly day: string
  readonly usd: number
  /** AWS says itself that it may still change. */
  readonly isEstimated: boolean
}

/** The bill of some days; without rows where AWS knows nothing (yet). */
export interface Bill {
  /** Largest first. */
  readonly rows: readonly BillRow[]
  readonly days: readonly BillDay[]
  readonly totalUsd: number
}

/** `unseen`: billing has not met the tag yet, which takes up to a day after its first use. */
export type TagState = 'active' | 'inactive' | 'unseen'

/** AWS's bill. Every question costs $0.01 or more: ask rarely. */
export interface CostExplorer {
  /** Rejects with `AppError('PREPARE')` when AWS cannot be asked, or bills in another currency than US dollars. */
  bill(question: BillQuestion, signal: AbortSignal): Promise<Bill>
  /** Whether the bill can tell the values of these tags apart; null when this account may not know. */
  tagStates(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TagState> | null>
  close(): void
}

/** Opens it; nothing is asked yet. */
export async function openCostExplorer(context: LabContext): Promise<CostExplorer> {
  const sdk = await import('@aws-sdk/client-cost-explorer')
  const client: CostExplorerClient = new sdk.CostExplorerClient(clientSettings(context.aws))
  const retried = <T>(what: string, call: () => Promise<T>, signal: AbortSignal) =>
    withRetries(call, { what, isWorthIt }, context, signal)
  const pages = async (input: GetCostAndUsageCommandInput, signal: AbortSignal) => {
    const results: ResultByTime[] = []
    let NextPageToken: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const request = new sdk.GetCostAndUsageCommand({
        ...input,
        ...(NextPageToken !== undefined && { NextPageToken }),
      })
      const call = () => client.send(request, { abortSignal: signal })
      const answer = await retried('GetCostAndUsage', call, signal)
      results.push(...(answer.ResultsByTime ?? []))
      NextPageToken = answer.NextPageToken
      if (!NextPageToken) return results
    }
    throw new AppError('PREPARE', `expected the bill on at most ${MAX_PAGES} pages, got more`, {
      hint: 'ask for fewer days, or for a tag with fewer values',
    })
  }
  return {
    bill: async (question, signal) => {
      try {
        return billOf(await pages(inputOf(question), signal))
      } catch (error) {
        signal.throwIfAborted()
        if ((error as Error).name === 'DataUnavailableException') return { rows: [], days: [], totalUsd: 0 }
        throw readable(error)
      }
    },
    tagStates: async (keys, signal) => {
      const states = new Map<string, TagState>(keys.map((key) => [key, 'unseen']))
      try {
        for (let i = 0; i < keys.length; i += MAX_KEYS) {
          const TagKeys = keys.slice(i, i + MAX_KEYS)
          let NextToken: string | undefined
          for (let page = 0; page < MAX_PAGES; page++) {
            const request = new sdk.ListCostAllocationTagsCommand({
              TagKeys,
              ...(NextToken !== undefined && { NextToken }),
            })
            const call = () => client.send(request, { abortSignal: signal })
            const answer = await retried('ListCostAllocationTags', call, signal)
            for (const { TagKey, Status, Type } of answer.CostAllocationTags ?? [])
              if (TagKey !== undefined && Type !== 'AWSGenerated')
                states.set(TagKey, Status === 'Active' ? 'active' : 'inactive')
            NextToken = answer.NextToken
            if (!NextToken) break
          }
        }
      } catch (error) {
        signal.throwIfAborted()
        // Only the account that pays may ask; the others still get their bill.
        if (failureKind(error) === 'denied') return null
        throw readable(error)
      }
      return states
    },
    close: () => client.destroy(),
  }
}

/** Cost Explorer has a word of its own for too many calls, and one that sounds like a passing fault and is none. */
function isWorthIt(error: unknown): boolean {
  const { name } = error as Error
  return name === 'LimitExceededException' || (name !== 'DataUnavailableException' && passesByItself(error))
}

function readable(error: unknown): unknown {
  if (error instanceof AppError) return error
  const { name, message } = error as Error
  return new AppError('PREPARE', `expected the bill from Cost Explorer, got ${name}: ${message}`, {
    hint: hintOf(error as Error),
    cause: error,
  })
}

function hintOf(error: Error): string {
  if (error.name === 'CredentialsProviderError')
    return 'aws configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
  return failureKind(error) === 'denied'
    ? 'allow ce:GetCostAndUsage and ce:ListCostAllocationTags; Cost Explorer must be enabled in the account'
    : 'is Cost Explorer enabled in this account?'
}

function inputOf({ tags, groupBy, fromDay, untilDay }: BillQuestion): GetCostAndUsageCommandInput {
  const conditions: Expression[] = Object.entries(tags).map(([Key, value]) => ({
    Tags: { Key, Values: [value] },
  }))
  const noCredits: Expression = { Not: { Dimensions: { Key: 'RECORD_TYPE', Values: NOT_USAGE } } }
  const all = [...conditions, noCredits]
  return {
    TimePeriod: { Start: fromDay, End: untilDay },
    ...{ Granularity: 'DAILY', Metrics: ['UnblendedCost'] },
    Filter: all.length === 1 ? noCredits : { And: all },
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      ...(groupBy === null ? [] : [{ Type: 'TAG' as const, Key: groupBy }]),
    ],
  }
}

/** A day may come on several pages. */
function billOf(results: readonly ResultByTime[]): Bill {
  const rows = new Map<string, BillRow>()
  const days = new Map<string, BillDay>()
  for (const { TimePeriod, Groups = [], Estimated = false } of results) {
    const day = TimePeriod?.Start ?? ''
    let usd = 0
    for (const { Keys = [], Metrics } of Groups) {
      const amount = usdOf(Metrics?.UnblendedCost)
      const [service = '', tagged = ''] = Keys
      const group = tagged.slice(tagged.indexOf('$') + 1)
      const key = `${service}\u0000${group}`
      usd += amount
      rows.set(key, { service, group, usd: (rows.get(key)?.usd ?? 0) + amount })
    }
    const older = days.get(day)
    days.set(day, {
      day,
      usd: (older?.usd ?? 0) + usd,
      isEstimated: Estimated || older?.isEstimated === true,
    })
  }
  const sorted = [...rows.values()].filter(({ usd }) => usd !== 0).toSorted((a, b) => b.usd - a.usd)
  return { rows: sorted, days: [...days.values()], totalUsd: sorted.reduce((sum, { usd }) => sum + usd, 0) }
}

function usdOf(
  value: { readonly Amount?: string | undefined; readonly Unit?: string | undefined } = {},
): number {
  const { Amount = '0', Unit = 'USD' } = value
  const usd = Number(Amount)
  if (Unit === 'USD' && Number.isFinite(usd)) return usd
  throw new AppError('PREPARE', `expected the bill in US dollars, got ${Amount} ${Unit}`, {
    hint: 'bills in other currencies cannot be held against the price table',
  })
}
