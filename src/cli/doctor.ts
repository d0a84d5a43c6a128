import type { Requirement } from '../brokers/broker.ts'
import { cacheDirectory } from '../brokers/provision/cache.ts'
import { engineRequirement } from '../brokers/provision/requirements.ts'
import { localBrokerNames, localBrokerProvider } from '../brokers/registry.ts'
import { findCalibration, thisMachine } from '../calibrate/index.ts'
import { messageOf } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import type { Output } from './output.ts'

/** Where a command writes: data to stdout, talk to stderr; one line each, without its end. */
interface Section {
  readonly name: string
  readonly requirements: readonly Requirement[]
  /** Whether bench can do it on this machine, bringing by itself what is not there yet. */
  readonly available: boolean
}

/**
 * Lists what is here and what is missing for each broker and feature, with the command that gets it. Changes nothing.
 * Gives `EXIT.prepare` when a broker cannot be had.
 */
export async function runDoctor(
  options: { readonly json: boolean },
  out: Pick<Output, 'stdout' | 'stderr'>,
  providerOf: typeof localBrokerProvider = localBrokerProvider,
): Promise<ExitCode> {
  const sections = [await benchSection()]
  for (const name of localBrokerNames()) sections.push(section(name, await requirementsOf(name, providerOf)))
  if (options.json) out.stdout(JSON.stringify({ sections }))
  else for (const line of sections.flatMap(linesOf)) out.stdout(line)
  return sections.every(({ available }) => available) ? EXIT.ok : EXIT.prepare
}

async function benchSection(): Promise<Section> {
  return section('bench', [
    { what: `Bun ${Bun.version}`, found: true, detail: process.execPath },
    { what: 'cache', found: true, detail: cacheDirectory() },
    await engineRequirement(),
    await floorRequirement(),
  ])
}

async function floorRequirement(): Promise<Requirement> {
  const found = await findCalibration(thisMachine(), Date.now())
  const what = 'noise floor'
  if (found === null) return { what, found: false, detail: 'never measured here; bench calibrate does it' }
  const { calibration, stale } = found
  const { kind, measuredAt } = calibration
  const detail = `${kind} calibration of ${measuredAt}`
  return {
    what,
    found: stale === null,
    detail: stale === null ? detail : `${detail} does not hold: ${stale}`,
  }
}

function section(name: string, requirements: readonly Requirement[]): Section {
  const available = requirements.every(({ found, command }) => found || command === undefined)
  return { name, requirements, available }
}

async function requirementsOf(
  name: string,
  providerOf: typeof localBrokerProvider,
): Promise<readonly Requirement[]> {
  try {
    return await (await providerOf(name)).inspect()
  } catch (error) {
    const command = `./bench brokers up ${name}`
    return [{ what: 'inspection', found: false, detail: messageOf(error), command }]
  }
}

function linesOf({ name, requirements, available }: Section): string[] {
  const lines = requirements.flatMap((requirement) => {
    const mark = requirement.found ? 'ok     ' : requirement.command ? 'MISSING' : '-      '
    const line = `  ${mark}  ${requirement.what}: ${requirement.detail}`
    return requirement.command && !requirement.found
      ? [line, `           get it: ${requirement.command}`]
      : [line]
  })
  return [`${name}${available ? '' : ': cannot be used here yet'}`, ...lines, '']
}
