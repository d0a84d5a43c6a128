import { AppError } from '../../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../../errors/exit-codes.ts'
import { describeFailure, failureKind, passesByItself } from '../failure.ts'
import { CALL_RETRIES, poll, type RetryPolicy, withRetries } from '../retry.ts'
import type { LabContext } from '../settings.ts'
import { ec2Stages, type OpenStages } from './ec2-kinds.ts'
import { otherStages } from './other-kinds.ts'
import type { Leftover, ResourceKind, Stage } from './resource-kind.ts'

export interface CleanupOptions {
  readonly experimentId: string
  /** Whether anything is removed; default false: a dry run. */
  readonly executes?: boolean
  /** How long what is in use, or takes its time to end, is waited for, each time. Default 10 minutes. */
  readonly waitLimitMs?: number
}

/** A resource that is still there, or that could not be looked for, and why. */
export interface Kept {
  readonly kind: string
  /** Null when the kind as a whole could not be listed. */
  readonly id: string | null
  readonly reason: string
}

export interface CleanupReport {
  /** What carried the tag, in the order of removal. */
  readonly found: readonly Leftover[]
  readonly removed: readonly Leftover[]
  /** Empty after a run that left nothing; of a dry run: what could not be listed. */
  readonly kept: readonly Kept[]
  /** 0 when nothing is left, or in a dry run that saw everything; else 9. */
  readonly exitCode: ExitCode
}

const WAIT_LIMIT_MS = 600_000
/** Once something has stayed, what depends on it will stay too: it is not waited for so long. */
const BLOCKED_LIMIT_MS = 30_000
/** What is in use is asked again at this pace. */
const BUSY_RETRIES = { attempts: 200, firstDelayMs: 1_000, longestDelayMs: 10_000 }
const ENDING_POLL = { firstDelayMs: 500, longestDelayMs: 10_000 }
/** Something may be made while it is cleaned, by what was on its way when its maker died. */
const MOST_PASSES = 3
const EXPERIMENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/**
 * Removes everything that carries the experiment's tag, in the order of dependency, without any Terraform state; what
 * has not the tag is never touched. A failure on one resource does not stop the others. Each step is logged. Rejects
 * only for an id that is none (`AppError('USAGE')`), and with the signal's reason.
 */
export async function cleanUp(
  options: CleanupOptions,
  context: LabContext,
  signal: AbortSignal,
): Promise<CleanupReport> {
  const { experimentId, executes = false } = options
  if (!EXPERIMENT_ID.test(experimentId))
    throw new AppError('USAGE', `expected the id of an experiment, got ${JSON.stringify(experimentId)}`, {
      hint: 'list them: bench list',
    })
  const opened: OpenStages[] = [await ec2Stages(context), await otherStages(context)]
  try {
    const stages = opened.flatMap((each) => each.stages)
    const run = { ...options, experimentId, waitLimitMs: options.waitLimitMs ?? WAIT_LIMIT_MS }
    return executes ? await execute(stages, run, context, signal) : await look(stages, run, context, signal)
  } finally {
    for (const each of opened) each.close()
  }
}

interface Run {
  readonly experimentId: string
  readonly waitLimitMs: number
}

interface Found {
  readonly leftovers: readonly Leftover[]
  readonly unseen: readonly Kept[]
}

async function look(
  stages: readonly Stage[],
  run: Run,
  context: LabContext,
  signal: AbortSignal,
): Promise<CleanupReport> {
  const { leftovers: found, unseen: kept } = await findAll(stages.flat(), run, context, signal)
  for (const each of found) context.log(`would remove ${nameOf(each)}`)
  context.log(`dry run: ${found.length} resources of ${run.experimentId}, nothing was removed`)
  return { found, removed: [], kept, exitCode: kept.length === 0 ? EXIT.ok : EXIT.partial }
}

async function execute(
  stages: readonly Stage[],
  run: Run,
  context: LabContext,
  signal: AbortSignal,
): Promise<CleanupReport> {
  const found = new Map<string, Leftover>()
  const removed = new Map<string, Leftover>()
  let kept: readonly Kept[] = []
  for (let pass = 1; pass <= MOST_PASSES; pass++) {
    const reasons = new Map<string, string>()
    for (const stage of stages) await clearStage(stage, run, { found, removed, reasons }, context, signal)
    const left = await findAll(stages.flat(), run, context, signal)
    for (const each of left.leftovers) removed.delete(keyOf(each))
    kept = [
      ...left.leftovers.map((each) => ({
        ...{ kind: each.kind, id: each.id },
        reason: reasons.get(keyOf(each)) ?? 'appeared, or was not gone yet, when the rest was removed',
      })),
      ...left.unseen,
    ]
    // What was refused stays refused; only what is new is worth another pass.
    if (left.leftovers.every((each) => reasons.has(keyOf(each)))) break
  }
  for (const { kind, id, reason } of kept)
    context.log(`LEFT: ${kind} ${id ?? '(could not be listed)'}: ${reason}`)
  context.log(`${removed.size} resources of ${run.experimentId} removed, ${kept.length} left`)
  return {
    ...{ found: [...found.values()], removed: [...removed.values()], kept },
    exitCode: kept.length === 0 ? EXIT.ok : EXIT.partial,
  }
}

interface Books {
  readonly found: Map<string, Leftover>
  readonly removed: Map<string, Leftover>
  /** Why a resource was not removed. */
  readonly reasons: Map<string, string>
}

async function clearStage(
  stage: Stage,
  run: Run,
  { found, removed, reasons }: Books,
  context: LabContext,
  signal: AbortSignal,
): Promise<void> {
  const { leftovers, unseen } = await findAll(stage, run, context, signal)
  for (const { kind, reason } of unseen) reasons.set(kind, reason)
  for (const leftover of leftovers) {
    found.set(keyOf(leftover), leftover)
    const kind = stage.find((each) => each.kind === leftover.kind)!
    const longestMs = reasons.size === 0 ? run.waitLimitMs : Math.min(run.waitLimitMs, BLOCKED_LIMIT_MS)
    const reason = await removeOne(kind, leftover, longestMs, context, signal)
    if (reason === null) removed.set(keyOf(leftover), leftover)
    else reasons.set(keyOf(leftover), reason)
  }
  for (const kind of stage.filter((each) => each.endsLate))
    await waitForEnd(kind, run, { found, removed, reasons }, context, signal)
}

/** Null when it was removed; else why not. */
async function removeOne(
  kind: ResourceKind,
  leftover: Leftover,
  limitMs: number,
  context: LabContext,
  signal: AbortSignal,
): Promise<string | null> {
  const name = nameOf(leftover)
  context.log(`removing ${name}`)
  const policy: RetryPolicy = { ...BUSY_RETRIES, limitMs }
  const isWorthIt = (error: unknown) => passesByItself(error) || failureKind(error) === 'inUse'
  const onFailure = (error: unknown, delayMs: number) =>
    context.log(`${name}: ${describeFailure(error)}; again in ${Math.round(delayMs)} ms`)
  try {
    const remove = () => kind.remove(leftover)
    await withRetries(remove, { what: `removal of ${name}`, policy, isWorthIt, onFailure }, context, signal)
    return null
  } catch (error) {
    signal.throwIfAborted()
    if (failureKind(error) === 'missing') return null
    context.log(`${name} stays: ${describeFailure(error)}`)
    return describeFailure(error)
  }
}

async function waitForEnd(
  kind: ResourceKind,
  run: Run,
  { removed, reasons }: Books,
  context: LabContext,
  signal: AbortSignal,
): Promise<void> {
  let ending: readonly Leftover[] = []
  const probe = async () => {
    const { leftovers } = await findAll([kind], run, context, signal)
    const now = leftovers.filter((each) => removed.has(keyOf(each)) && !reasons.has(keyOf(each)))
    if (now.length !== ending.length && now.length > 0)
      context.log(`waiting for ${now.map(nameOf).join(', ')} to end`)
    ending = now
    return ending.length === 0 ? true : null
  }
  const policy = { ...ENDING_POLL, limitMs: run.waitLimitMs }
  if ((await poll(probe, policy, context, signal)) !== null) return
  for (const each of ending) {
    const reason = `had not ended ${run.waitLimitMs / 1000} s after it was told to`
    reasons.set(keyOf(each), reason)
    context.log(`${nameOf(each)} ${reason}`)
  }
}

async function findAll(
  kinds: readonly ResourceKind[],
  { experimentId }: Run,
  context: LabContext,
  signal: AbortSignal,
): Promise<Found> {
  const leftovers: Leftover[] = []
  const unseen: Kept[] = []
  for (const kind of kinds) {
    const options = { what: `list of ${kind.kind}s`, policy: CALL_RETRIES }
    try {
      leftovers.push(...(await withRetries(() => kind.find(experimentId), options, context, signal)))
    } catch (error) {
      signal.throwIfAborted()
      context.log(`${kind.kind}s could not be listed: ${describeFailure(error)}`)
      unseen.push({ kind: kind.kind, id: null, reason: describeFailure(error) })
    }
  }
  return { leftovers, unseen }
}

function keyOf({ kind, id }: Leftover): string {
  return `${kind} ${id}`
}

function nameOf({ kind, id, detail }: Leftover): string {
  return `${kind} ${id}${detail === '' ? '' : ` (${detail})`}`
}
