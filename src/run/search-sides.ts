import type { SearchStep } from '../result/search.ts'
import { searchRate } from './search-rate.ts'
import { openSideSession } from './side.ts'
import { settleDisk, type TrialRunner } from './trial-runner.ts'

/**
 * Searches each side's sustainable rate, one side after another. A side's broker stays up from step to step: each has
 * topics of its own, and starts when the one before is drained. A step that does not drain, or cannot be run, costs the
 * broker: the next has a fresh one.
 */
export const runSearches: TrialRunner = async (options, books, onTrial) => {
  const { plan, signal, clock, tell } = options
  const { search, subscriptionsPerTopic: subscriptions } = plan.workload
  let place = 0
  for (const book of books) {
    if (signal.aborted) return
    const { side } = book
    const session = openSideSession({ ...options, side, drainMs: search!.drainS * 1000 })
    try {
      book.search = await searchRate({
        options: search!,
        subscriptions,
        clock,
        signal,
        firstPlace: place,
        async runStep({ rateHz, purpose }) {
          const number = book.begun + 1
          const of = search!.maxSteps
          tell({ kind: 'trial', side: side.label, number, of, place, places: of * books.length, rateHz })
          const detail = `${number} (at most ${of}), to ${purpose}: ${rateHz} msg/s`
          tell({ kind: 'step', side: side.label, step: 'trial', detail })
          if (place > 0) await settleDisk(options, side.label)
          const outcome = await session.run({ rateHz, seed: (plan.seed + number - 1) >>> 0 })
          book.add(place++, outcome)
          const isClean =
            'trial' in outcome && outcome.trial.drain.complete && outcome.trial.interrupted === null
          if (!isClean) await session.close()
          return outcome
        },
        async onStep(step, soFar) {
          book.search = soFar
          tell({ kind: 'step', side: side.label, step: 'trial', detail: stepText(step) })
          await onTrial(side.label)
        },
      })
      tell({ kind: 'step', side: side.label, step: 'trial', detail: book.search.sentences[0]! })
    } finally {
      await session.close()
    }
  }
}

function stepText({ rateHz, outcome, reasons }: SearchStep): string {
  const why = reasons.length === 0 ? '' : `: ${reasons.map(({ text }) => text).join('; ')}`
  return `${rateHz} msg/s ${outcome === 'unknown' ? 'not known' : outcome}${why}`
}
