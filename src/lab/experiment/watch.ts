import { AppError, messageOf } from '../../errors/app-error.ts'
import { EXIT } from '../../errors/exit-codes.ts'
import { type Disks, recordInstances } from './bookkeeping.ts'
import { isUp, seenInstances } from './instances.ts'
import type { Life } from './life.ts'

/** What is looked after while an experiment is made and used. */
export interface Watch {
  /** Aborts with the caller's reason, or when an instance is gone, or the cost has reached its limit. */
  readonly signal: AbortSignal
  /** From now on every instance of the record must be there. */
  beginInstances(): void
}

/**
 * Runs the body while somebody looks whether the instances are still there and the cost is below its limit: the body's
 * signal aborts with an `AppError` that says so.
 */
export async function watching<T>(
  life: Life,
  disks: Disks,
  signal: AbortSignal,
  body: (watch: Watch) => Promise<T>,
): Promise<T> {
  const alarm = new AbortController()
  const over = new AbortController()
  const any = AbortSignal.any([signal, alarm.signal])
  let looksAtInstances = false
  const loop = async () => {
    const { clock, limits } = life.environment
    const until = AbortSignal.any([any, over.signal])
    for (;;) {
      await clock.sleep(limits.watchEveryMs, until)
      requireBudget(life)
      if (looksAtInstances) await requireInstances(life, disks, until)
    }
  }
  const watched = loop().catch((error) => {
    if (!over.signal.aborted && !any.aborted) alarm.abort(error)
  })
  try {
    const beginInstances = () => {
      looksAtInstances = true
    }
    return await body({ signal: any, beginInstances })
  } catch (error) {
    // Whatever broke when the alarm rang, it broke for that.
    if (alarm.signal.aborted && !signal.aborted) throw alarm.signal.reason
    throw error
  } finally {
    over.abort()
    await watched
  }
}

/** Throws `AppError` with an exit code of its own when the estimate has reached `--max-cost`. */
function requireBudget(life: Life): void {
  const { maxCostUsd } = life.record()
  if (maxCostUsd === null) return
  const price = life.environment.prices?.ofRecord(life.record(), life.environment.clock.wallMs()) ?? null
  if (price === null || price.usd < maxCostUsd) return
  throw new AppError(
    'UNEXPECTED',
    `the estimated cost has reached --max-cost: $${price.usd.toFixed(2)} of $${maxCostUsd.toFixed(2)}`,
    {
      exitCode: EXIT.overBudget,
      hint: 'what was measured until now is kept; raise --max-cost, or shorten the plan',
    },
  )
}

async function requireInstances(life: Life, disks: Disks, signal: AbortSignal): Promise<void> {
  const { experimentId, instances } = life.record()
  let gone: string[]
  try {
    const seen = new Map(
      (await seenInstances(experimentId, life.context, signal)).map((each) => [each.id, each]),
    )
    gone = instances.flatMap(({ id, name, endedMs }) => {
      const now = seen.get(id)
      if (endedMs !== null || (now !== undefined && isUp(now))) return []
      const what = now === undefined ? 'no longer known' : now.isMarked ? 'marked for termination' : now.state
      return [`${name} (${id}): ${what}${now?.reason ? `, ${now.reason}` : ''}`]
    })
  } catch (error) {
    signal.throwIfAborted()
    // One look that fails says nothing about the instances.
    life.log.log(`instances could not be looked at: ${messageOf(error)}`)
    return
  }
  if (gone.length === 0) return
  await recordInstances(life, disks, signal).catch((error) => life.log.log(messageOf(error)))
  throw new AppError('PREPARE', `expected all instances to stay, AWS has ended ${gone.join('; ')}`, {
    hint: instances.some(({ spot }) => spot)
      ? 'spot instances may be taken back at any time: run again, or set use_spot_instances: false'
      : 'did somebody end it in the console, or its TTL by bench reap?',
  })
}
