import type { Clock } from '../clock/clock.ts'
import { messageOf } from '../errors/app-error.ts'
import type { SearchResult, SearchStep } from '../result/search.ts'
import { createSearch, type SearchAsk } from '../search/search.ts'
import type { SearchOptions } from '../workload/search.ts'
import type { TrialOutcome } from './side.ts'

export interface RateSearch {
  readonly options: SearchOptions
  /** Subscriptions of each topic. */
  readonly subscriptions: number
  readonly clock: Clock
  /** Ends the search after the step under way. */
  readonly signal: AbortSignal
  /** Place of the first step in the run. */
  readonly firstPlace: number
  /** One trial at the rate asked for; it never throws for what the system does. */
  runStep(ask: SearchAsk, place: number): Promise<TrialOutcome>
  /** Called after each step with what is known by then. */
  onStep?(step: SearchStep, soFar: SearchResult): void | Promise<void>
}

/** Searches the highest rate that is sustained: steps, one after another, until the search ends by itself or is aborted. */
export async function searchRate(search: RateSearch): Promise<SearchResult> {
  const { clock, signal } = search
  const controller = createSearch(search.options, search.subscriptions)
  const cut = () => (signal.aborted ? messageOf(signal.reason) : null)
  let place = search.firstPlace
  for (let ask = controller.next(); ask !== null && !signal.aborted; ask = controller.next()) {
    const startUs = clock.nowUs()
    const outcome = await search.runStep(ask, place)
    const step = controller.add({
      facts: 'trial' in outcome ? outcome.trial : null,
      failure: 'failure' in outcome ? outcome.failure.message : null,
      place: place++,
      tookS: (clock.nowUs() - startUs) / 1e6,
    })
    await search.onStep?.(step, controller.result(cut()))
  }
  return controller.result(cut())
}
