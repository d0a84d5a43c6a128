import { AppError, messageOf } from '../../errors/app-error.ts'
import type { LabContext } from '../aws/settings.ts'
import { billDays, billSummary, noBill, type Period } from './bill-summary.ts'
import { type CostExplorer, openCostExplorer, type TagState } from './cost-explorer.ts'
import type { BillSummary, TagCosts } from './costs-file.ts'

const ID_TAG = 'ExperimentID'
const ROLE_TAG = 'Role'

/** `key` or `key=value`, as typed. */
export interface TagQuestion {
  readonly key: string
  /** Null: every value. */
  readonly value: string | null
}

export interface BillAnswer {
  readonly bill: BillSummary
  readonly tags: readonly TagCosts[]
  /** Why AWS could not be asked; null when it was. */
  readonly failure: AppError | null
}

export interface BillRequest {
  readonly experimentId: string
  readonly period: Period
  readonly tags: readonly TagQuestion[]
}

/**
 * Asks AWS for the bill of an experiment, and of other tags in its days. A tag that billing does not tell apart is named
 * rather than shown as nothing: of the experiment's own as the bill's state, of those asked for by `AppError('CONFIG')`.
 * Rejects with the signal's reason.
 */
export async function askBill(
  request: BillRequest,
  context: LabContext,
  signal: AbortSignal,
): Promise<BillAnswer> {
  const explorer = await openCostExplorer(context)
  try {
    return await ask(request, explorer, context, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError && error.code === 'CONFIG') throw error
    const failure =
      error instanceof AppError ? error : new AppError('PREPARE', messageOf(error), { cause: error })
    return { bill: noBill(`AWS could not be asked: ${failure.message}`), tags: [], failure }
  } finally {
    explorer.close()
  }
}

async function ask(
  { experimentId, period, tags }: BillRequest,
  explorer: CostExplorer,
  { clock }: LabContext,
  signal: AbortSignal,
): Promise<BillAnswer> {
  const nowMs = clock.wallMs()
  const days = billDays(period, nowMs)
  const states = await explorer.tagStates([ID_TAG, ROLE_TAG, ...tags.map(({ key }) => key)], signal)
  // Before anything is asked that costs money.
  for (const { key } of tags) requireActive(key, states?.get(key))
  const asked: TagCosts[] = []
  for (const tag of tags) asked.push(await tagCosts(tag, days, explorer, signal))
  const { missing, groupBy, note } = grouping(states)
  if (missing !== null) return { bill: noBill(missing), tags: asked, failure: null }
  const bill = await explorer.bill({ tags: { [ID_TAG]: experimentId }, groupBy, ...days }, signal)
  const summary = billSummary(bill, period, nowMs)
  return { bill: { ...summary, why: `${summary.why}${note}` }, tags: asked, failure: null }
}

interface Grouping {
  /** Why there is no bill; null when there is. */
  readonly missing: string | null
  readonly groupBy: string | null
  readonly note: string
}

/** How the bill of an experiment can be asked for; an account that may not know its tags just asks. */
function grouping(states: ReadonlyMap<string, TagState> | null): Grouping {
  const all = { missing: null, groupBy: ROLE_TAG, note: '' }
  if (states === null) return all
  const state = states.get(ID_TAG)
  if (state === 'inactive') return { ...all, missing: inactiveText(ID_TAG) }
  if (state === 'unseen') {
    const missing = `AWS has not met the tag ${ID_TAG} on a bill yet, which takes up to a day; activate it then`
    return { ...all, missing }
  }
  return states.get(ROLE_TAG) === 'active'
    ? all
    : { ...all, groupBy: null, note: `; not by role: ${inactiveText(ROLE_TAG)}` }
}

async function tagCosts(
  { key, value }: TagQuestion,
  days: { readonly fromDay: string; readonly untilDay: string },
  explorer: CostExplorer,
  signal: AbortSignal,
): Promise<TagCosts> {
  const filter = value === null ? {} : { [key]: value }
  const { rows } = await explorer.bill({ tags: filter, groupBy: key, ...days }, signal)
  // Without a value everything is on the bill, also what does not carry the tag.
  const own = rows.filter(({ group }) => value !== null || group !== '')
  return {
    ...{ key, value, ...days, totalUsd: own.reduce((sum, { usd }) => sum + usd, 0) },
    rows: own.map(({ service, group, usd }) => ({ value: group, service, usd })),
  }
}

function inactiveText(key: string): string {
  return `tag ${key} is not activated for cost allocation`
}

function requireActive(key: string, state: TagState | undefined): void {
  if (state === undefined || state === 'active') return
  const got =
    state === 'inactive'
      ? 'which is not'
      : 'which no bill has met yet; that takes up to a day after its first use'
  throw new AppError(
    'CONFIG',
    `--tag: expected a tag that is activated for cost allocation, got ${key}, ${got}`,
    {
      hint: `activate it in Billing and Cost Management under Cost allocation tags, or: aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=${key},Status=Active`,
    },
  )
}
