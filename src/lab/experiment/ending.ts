import { messageOf } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { cleanUp } from '../aws/cleanup/cleanup.ts'
import { describeFailure } from '../aws/failure.ts'
import { recordAllEnded } from './bookkeeping.ts'
import { removeProviders } from './folder.ts'
import type { Life } from './life.ts'

/** A clean-up after a failure has a limit of its own: the signal that began it has aborted already. */
const CLEANUP_LIMIT_MS = 3_600_000

/**
 * Removes all that carries the experiment's tag, without Terraform's state, and writes down what is left. Exit code 0
 * when nothing is. Rejects with the signal's reason.
 */
export async function endByTag(life: Life, signal: AbortSignal): Promise<ExitCode> {
  const { experimentId } = life.record()
  const { cleanupWaitMs } = life.environment.limits
  const code = await life.step('clean-up by tag', async () => {
    const options = { experimentId, executes: true, waitLimitMs: cleanupWaitMs }
    const report = await cleanUp(options, life.context, signal)
    const { removed, kept, exitCode } = report
    life.log.tell(`clean-up of ${experimentId}: ${removed.length} resources removed, ${kept.length} left`)
    for (const { kind, id, reason } of kept)
      life.log.tell(`LEFT in ${life.context.aws.region}: ${kind} ${id ?? '(could not be listed)'}: ${reason}`)
    return exitCode
  })
  if (code === EXIT.ok) {
    await recordAllEnded(life)
    await removeProviders(life.folder).catch((error) => life.log.log(describeFailure(error)))
  } else life.log.tell(`try again: bench cleanup --experiment-id ${experimentId} --execute`)
  return code
}

/**
 * What becomes of an experiment when something failed: it is cleaned up by its tag, or kept when that was asked for. The
 * failure itself is thrown again by whoever calls; this only throws nothing.
 */
export async function afterFailure(life: Life, failure: unknown): Promise<void> {
  const { experimentId, keepOnFailure } = life.record()
  life.log.log(`failure: ${messageOf(failure)}`)
  try {
    if (keepOnFailure) return await keep(life)
    life.log.tell(`it failed; cleaning up all of ${experimentId}`)
    const code = await endByTag(life, AbortSignal.timeout(CLEANUP_LIMIT_MS))
    await life.release(code === EXIT.ok ? 'ended' : 'left')
  } catch (error) {
    life.log.tell(`the clean-up failed too: ${describeFailure(error)}`)
    life.log.tell(`try again: bench cleanup --experiment-id ${experimentId} --execute`)
    await life.release('left').catch(() => {})
  }
}

async function keep(life: Life): Promise<void> {
  const { experimentId } = life.record()
  const price = life.environment.prices?.ofRecord(life.record(), life.environment.clock.wallMs())
  const cost = price ? `about $${price.usdPerHour.toFixed(2)} an hour` : 'at a price that is not known'
  life.log.tell(
    `${experimentId} is kept, ${cost}; end it with: bench teardown --experiment-id ${experimentId}`,
  )
  await life.release('kept')
}
