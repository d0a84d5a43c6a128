import { dirname, resolve } from 'node:path'
import { DRIVERS } from '../../drivers/registry.ts'
import { AppError } from '../../errors/app-error.ts'
import { formatDuration } from '../../workload/duration.ts'
import type { PlanFlags } from '../../workload/plan-options.ts'
import { displayPath, SHIPPED_DRIVERS } from '../../workload/product-folder.ts'
import { isSecretKey } from '../../workload/secrets.ts'
import { parseSideToken, splitSides } from '../../workload/side-token.ts'
import { readYaml } from '../../workload/yaml-source.ts'
import { describeTestPlan, type TestPlanDescription } from '../plan/describe.ts'
import { type PlannedRun, planTestRuns } from '../plan/resolve.ts'
import { readTestPlan } from '../plan/test-plan.ts'

/** What making and ending an experiment takes, for estimates. */
const AROUND_S = 600
/** The same for two laptops: workers are counted on the load generator. */
const CORES = 2
/** Where load generators keep driver files that name the experiment's addresses. */
const REMOTE_DRIVERS = '/etc/bench/drivers'

/** A side of a plan on the experiment's systems. */
interface CloudSide {
  /** As `bench run --drivers` takes it on a load generator. */
  readonly token: string
  /** The system that it measures. */
  readonly system: string
}

export interface CloudRun extends PlannedRun {
  /** Options of `bench run` on a load generator, sides included. */
  readonly options: readonly string[]
}

/** A test plan, or a workload, as it runs on an experiment's systems. */
export interface CloudPlan {
  readonly file: string
  readonly runs: readonly CloudRun[]
  readonly description: TestPlanDescription
  /** With making and ending the experiment. */
  readonly hours: number
}

export interface CloudPlanOptions {
  /** A test plan or a workload. */
  readonly file: string
  /** Systems that the experiment has. */
  readonly systems: readonly string[]
  /** Of the command line, over those of the file. */
  readonly flags: PlanFlags
}

/**
 * Plans runs on a cloud experiment. Throws `AppError('USAGE')` when a side asks for a system that the experiment has not, or
 * for what load generators do not have, each at its place; and what `planTestRuns` throws.
 */
export async function cloudPlan({ file, systems, flags }: CloudPlanOptions): Promise<CloudPlan> {
  const { tokens, places } = await askedSides(file, systems, flags)
  const planned = await planTestRuns({ ...flags, file, drivers: tokens.join(','), cores: CORES })
  const sides = cloudSides(planned.runs[0]!, tokens, places, systems)
  const options = optionsOf(flags, sides)
  const runs = planned.runs.map((run) => ({
    ...run,
    options: [...options, '--repeat', String(run.plan.repeat)],
  }))
  const description = describeTestPlan(planned)
  return { file, runs, description, hours: (description.totalSeconds + AROUND_S) / 3600 }
}

interface Asked {
  readonly tokens: readonly string[]
  /** Where each stands. */
  readonly places: readonly string[]
}

async function askedSides(file: string, systems: readonly string[], flags: PlanFlags): Promise<Asked> {
  if (typeof flags.drivers === 'string') {
    const tokens = splitSides(flags.drivers)
    return { tokens, places: tokens.map(() => '--drivers') }
  }
  const { runs } = await readTestPlan(file, { lenient: flags.lenient === true })
  const written = runs[0]!.workload.workload.drivers
  if (written === null) return { tokens: systems, places: systems.map(() => file) }
  const yaml = await readYaml(file)
  const sides = written.flatMap((text, index) =>
    splitSides(text).map((token) => ({ token, place: yaml.whereIs(['drivers', index]) })),
  )
  return { tokens: sides.map(({ token }) => token), places: sides.map(({ place }) => place) }
}

function cloudSides(
  { plan }: PlannedRun,
  tokens: readonly string[],
  places: readonly string[],
  systems: readonly string[],
): CloudSide[] {
  const faults: string[] = []
  const sides = plan.sides.map((side, index): CloudSide => {
    const where = places[index]!
    const secretPaths = DRIVERS.find(({ name }) => name === side.driver)?.secretKeys ?? []
    const token = parseSideToken(tokens[index]!, where, secretPaths)
    if (!systems.includes(side.driver))
      faults.push(
        `${where}: expected sides of systems that the experiment has (${systems.join(', ')}), got ${token.shown}, which needs ${side.driver}`,
      )
    if (dirname(resolve(side.file)) !== SHIPPED_DRIVERS)
      faults.push(
        `${where}: expected a driver file that bench brings, got ${displayPath(side.file)}: load generators have no others; write its settings as ${side.driver}+key=value`,
      )
    for (const { key } of token.overrides)
      if (isSecretKey(key) || secretPaths.includes(key))
        faults.push(`${where}: expected no secret in ${token.shown}: commands are kept by AWS`)
    const label = token.label === null ? '' : `${token.label}=`
    const client = token.client === null ? '' : `:${token.client}`
    const overrides = token.overrides.map(({ key, text }) => `+${key}=${text}`).join('')
    return {
      system: side.driver,
      token: `${label}${REMOTE_DRIVERS}/${side.file.split('/').at(-1)}${client}${overrides}`,
    }
  })
  if (faults.length > 0)
    throw new AppError('USAGE', faults.join('\n'), {
      hint: 'systems of the configuration says what is set up',
    })
  return sides
}

/** What was typed goes on to the load generator, but for what the plan has resolved already. */
function optionsOf(flags: PlanFlags, sides: readonly CloudSide[]): string[] {
  const options = ['--drivers', sides.map(({ token }) => token).join(',')]
  for (const name of ['duration', 'warmup', 'rate', 'rates', 'workers', 'seed'] as const)
    if (flags[name] !== undefined && flags[name] !== null) options.push(`--${name}`, String(flags[name]))
  for (const name of ['strict', 'lenient'] as const) if (flags[name] === true) options.push(`--${name}`)
  return options
}

/** Throws `AppError('USAGE')` when the plan takes longer than the experiment may live. */
export function requireTime(plan: CloudPlan, leftMs: number, where: string): void {
  const neededS = plan.description.maximumSeconds + AROUND_S
  if (neededS * 1000 <= leftMs) return
  const left = leftMs <= 0 ? 'none' : formatDuration(Math.floor(leftMs / 1000))
  throw new AppError(
    'USAGE',
    `${plan.file}: expected a plan that ends before the experiment may be ended (${where}), got up to ${formatDuration(neededS)} with making and ending it; left: ${left}`,
    { hint: 'give experiment.ttl more time, or write several plans' },
  )
}
