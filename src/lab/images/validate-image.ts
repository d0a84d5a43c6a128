import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode, gravest } from '../../errors/exit-codes.ts'
import { cleanUp } from '../aws/cleanup/cleanup.ts'
import { describeFailure } from '../aws/failure.ts'
import type { LabContext } from '../aws/settings.ts'
import { openRemoteShell } from '../aws/ssm.ts'
import { type CheckedFact, checkedFacts, checkScript } from './check-script.ts'
import { startCheckInstance } from './check-site.ts'
import type { OwnImage } from './find-images.ts'
import { taggedUntil } from './image-task.ts'

export interface ValidationOptions {
  readonly image: OwnImage
  /** Null: a subnet of the default VPC. */
  readonly subnetId: string | null
  readonly instanceType: string | null
  /** How long its agent may take to answer. Default 5 minutes. */
  readonly bootLimitMs?: number
}

export interface ValidationReport {
  readonly imageId: string
  /** Tag ExperimentID of all that was made for it. */
  readonly id: string
  readonly facts: readonly CheckedFact[]
  /** What could not be removed; empty when nothing is left. */
  readonly left: readonly string[]
  /** 0; 4 when a check failed; 9 when something is left. */
  readonly exitCode: ExitCode
}

const BOOT_LIMIT_MS = 300_000
const CHECK_LIMIT_MS = 120_000
const CLEANUP_LIMIT_MS = 900_000

/**
 * Starts one instance of the image, runs the checks of packer/checks on it through Systems Manager, and removes all that
 * it made by its tag, whatever became of it; also when the signal aborts. Throws `AppError('PREPARE')` when the instance
 * cannot be started or does not answer, and the signal's reason, after the removal.
 */
export async function validateImage(
  options: ValidationOptions,
  context: LabContext,
  signal: AbortSignal,
): Promise<ValidationReport> {
  const { image } = options
  const { id, tags } = taggedUntil('image-check', context.clock.wallMs())
  const allTags = { Project: image.project, ManagedBy: 'bench', Role: 'image-check', ...tags }
  context.log(`checking ${image.id} (${image.name}) on an instance tagged ExperimentID=${id}`)
  let facts: CheckedFact[]
  try {
    facts = await checkOnInstance({ ...options, id, tags: allTags }, context, signal)
  } catch (error) {
    await removeAll(id, context)
    throw error
  }
  const left = await removeAll(id, context)
  const isGood = facts.every((fact) => fact.isOk)
  const exitCode = gravest([isGood ? EXIT.ok : EXIT.prepare, left.length === 0 ? EXIT.ok : EXIT.partial])
  return { imageId: image.id, id, facts, left, exitCode }
}

interface Check extends ValidationOptions {
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
}

async function checkOnInstance(
  { image, id, tags, subnetId, instanceType, bootLimitMs = BOOT_LIMIT_MS }: Check,
  context: LabContext,
  signal: AbortSignal,
): Promise<CheckedFact[]> {
  const script = await checkScript(image.software, image.version)
  // Rights to make roles are narrowed by this beginning of their names.
  const instance = { image, name: `bench-${id}`, tags, subnetId, instanceType }
  const instanceId = await startCheckInstance(instance, context, signal)
  context.log(`${instanceId} started; waiting for its agent`)
  const shell = await openRemoteShell(context)
  try {
    await shell.waitUntilManaged([instanceId], bootLimitMs, signal)
    const command = {
      instanceIds: [instanceId],
      title: `check of ${image.id}`,
      script,
      limitMs: CHECK_LIMIT_MS,
    }
    const [outcome] = await shell.run(command, signal)
    const facts = checkedFacts(outcome!.stdout)
    // Facts of a script that broke off are not all there are.
    const ended =
      outcome!.status === 'success' || (outcome!.exitCode === 1 && facts.some((fact) => !fact.isOk))
    if (ended && facts.length > 0) return facts
    throw new AppError(
      'PREPARE',
      `expected the checks to run to their end on ${instanceId}, got ${outcome!.status} (status ${outcome!.exitCode}): ${outcome!.stderr.trim().slice(-500)}`,
    )
  } finally {
    shell.close()
  }
}

/** What is left; with a limit of its own, for the caller's signal may have aborted. */
async function removeAll(id: string, context: LabContext): Promise<string[]> {
  const hint = `bench cleanup --experiment-id ${id} --execute`
  try {
    const options = { experimentId: id, executes: true }
    const { kept } = await cleanUp(options, context, AbortSignal.timeout(CLEANUP_LIMIT_MS))
    if (kept.length > 0) context.log(`try again: ${hint}`)
    return kept.map(({ kind, id: resource, reason }) => `${kind} ${resource ?? ''}: ${reason}`)
  } catch (error) {
    context.log(`clean-up failed: ${describeFailure(error)}; try again: ${hint}`)
    return [describeFailure(error)]
  }
}
