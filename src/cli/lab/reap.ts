import { stat } from 'node:fs/promises'
import { DEFAULT_PROJECT } from '../../brokers/lab-systems.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { cleanUp } from '../../lab/aws/cleanup/cleanup.ts'
import { readLabConfig } from '../../lab/config/lab-config.ts'
import { crashedExperiments, recoverCrashed } from '../../lab/experiment/crashed.ts'
import { endByTag } from '../../lab/experiment/ending.ts'
import { type LabEnvironment, labContext } from '../../lab/experiment/environment.ts'
import { standingExperiments } from '../../lab/experiment/expired.ts'
import { labExperiments, labFolder, readRecord } from '../../lab/experiment/folder.ts'
import { driverState, takeUp } from '../../lab/experiment/life.ts'
import { requireAws } from '../../lab/experiment/preflight.ts'
import type { Output } from '../output.ts'
import { type LabFlags, labEnvironment } from './environment.ts'

export interface ReapAsked {
  readonly regions: readonly string[]
  /** As given; null: `defaultConfig`, if it is there. */
  readonly config: string | null
  readonly defaultConfig: string
  readonly dryRun: boolean
}

interface Reaped {
  readonly experimentId: string
  readonly region: string
  readonly expiredAt: string
  readonly outcome: 'would end' | 'ended' | 'left'
}

/**
 * `bench reap`: ends experiments whose TTL is over, whoever made them, found by their tags in AWS; and those whose bench died
 * on this machine. 9 when something is left.
 */
export async function runReap(
  asked: ReapAsked,
  flags: LabFlags,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = labEnvironment(flags, out)
  const { regions, project } = await placesOf(asked, environment)
  const reaped: Reaped[] = []
  if (asked.dryRun)
    for (const { folder } of await crashedExperiments(environment.home))
      environment.print(`${folder.id}: its bench died; would be ended`)
  else await recoverCrashed(environment, signal)
  for (const region of regions)
    reaped.push(...(await reapRegion(region, project, asked.dryRun, environment, signal)))
  if (flags.json) out.stdout(JSON.stringify(reaped))
  else
    for (const each of reaped)
      out.stdout(`${each.experimentId}  ${each.region}  TTL ${each.expiredAt}  ${each.outcome}`)
  if (reaped.length === 0) environment.print(`no experiment has outlived its TTL in ${regions.join(', ')}`)
  return reaped.some(({ outcome }) => outcome === 'left') ? EXIT.partial : EXIT.ok
}

async function placesOf({ regions, config, defaultConfig }: ReapAsked, { home }: LabEnvironment) {
  const isThere = await stat(config ?? defaultConfig).then(
    () => true,
    () => false,
  )
  const read = config !== null || isThere ? await readLabConfig(config ?? defaultConfig) : null
  const listed = await labExperiments(home)
  const known = listed.flatMap((each) => ('record' in each ? [each.record.region] : []))
  const all = new Set([...regions, ...(read === null ? [] : [read.aws.region]), ...known])
  return { regions: [...all], project: read?.project ?? DEFAULT_PROJECT }
}

async function reapRegion(
  region: string,
  project: string,
  dryRun: boolean,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<Reaped[]> {
  const log = { log: environment.print, tell: environment.print, hide: () => {} }
  const context = labContext(region, environment, log)
  await requireAws(context, signal)
  const nowMs = environment.clock.wallMs()
  const reaped: Reaped[] = []
  for (const { experimentId, expiresAtMs } of await standingExperiments(project, context, signal)) {
    if (expiresAtMs > nowMs) continue
    const options = { experimentId, waitLimitMs: environment.limits.cleanupWaitMs }
    // Instances that have ended show their tags for an hour.
    if ((await cleanUp(options, { ...context, log: () => {} }, signal)).found.length === 0) continue
    const expiredAt = new Date(expiresAtMs).toISOString()
    const end = () => endOne(experimentId, region, environment, signal)
    const outcome = dryRun ? 'would end' : (await end()) === EXIT.ok ? 'ended' : 'left'
    reaped.push({ experimentId, region, expiredAt, outcome })
  }
  return reaped
}

async function endOne(
  experimentId: string,
  region: string,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<ExitCode> {
  const folder = labFolder(experimentId, environment.home)
  const record = await readRecord(folder).catch(() => null)
  // Whoever works on it sees that its machines are gone; the record stays theirs.
  if (record === null || record.region !== region || driverState(record) === 'alive') {
    const log = { log: environment.print, tell: environment.print, hide: () => {} }
    const options = { experimentId, executes: true, waitLimitMs: environment.limits.cleanupWaitMs }
    return (await cleanUp(options, labContext(region, environment, log), signal)).exitCode
  }
  const life = await takeUp({ folder, record }, 'tearingDown', environment, { isForced: true })
  const code = await endByTag(life, signal)
  await life.release(code === EXIT.ok ? 'ended' : 'left')
  return code
}
