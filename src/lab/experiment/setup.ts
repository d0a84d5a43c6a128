import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import { AppError } from '../../errors/app-error.ts'
import type { LabConfig } from '../config/lab-config.ts'
import { terraformVariables, tfvarsJson } from '../config/terraform-variables.ts'
import { writeBenchArchive } from './archive.ts'
import { recordInstances } from './bookkeeping.ts'
import { afterFailure } from './ending.ts'
import { type LabEnvironment, labContext } from './environment.ts'
import { createLabFolder, type FoundExperiment, findExperiment, writeRecord } from './folder.ts'
import { type Life, seconds, takeUp, thisDriver } from './life.ts'
import { NO_LOG } from './log.ts'
import { requireAws } from './preflight.ts'
import { waitUntilReady } from './readiness.ts'
import type { ExperimentRecord } from './record.ts'
import { openTerraform, requireTerraform } from './terraform.ts'
import { terraformSource, writeTerraformRoot } from './terraform-root.ts'
import { type Watch, watching } from './watch.ts'

/** The time from apply to ready that the lab wants to stay below. */
export const READY_GOAL_MS = 120_000

export interface SetupOptions {
  readonly config: LabConfig
  /** An experiment to go on with, or `latest`; null: a new one. */
  readonly experimentId: string | null
  readonly keepOnFailure: boolean
  /** US dollars; null: no limit. */
  readonly maxCostUsd: number | null
}

/**
 * Makes an experiment on AWS, or goes on with one, until every instance has booted. What is missing on this machine is
 * told before anything is made. The caller ends the work: it releases the life, or lets a failure end it. Throws what went
 * wrong, after the failure policy had its way.
 */
export async function setUp(
  options: SetupOptions,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<Life> {
  const { config } = options
  const found =
    options.experimentId === null ? null : await findExperiment(options.experimentId, environment.home)
  if (found !== null) requireSame(found, config)
  const command = await requireTerraform(environment.variables, signal)
  await requireAws(labContext(config.aws.region, environment, NO_LOG), signal)
  const life = await takeUp(found ?? (await begin(options, environment)), 'settingUp', environment)
  await life.update({ keepOnFailure: options.keepOnFailure, maxCostUsd: options.maxCostUsd })
  try {
    await watching(life, config, signal, (watch) => make(life, config, command, watch))
    return life
  } catch (error) {
    await afterFailure(life, error)
    throw error
  }
}

async function begin(options: SetupOptions, environment: LabEnvironment): Promise<FoundExperiment> {
  const { config } = options
  const startedMs = environment.clock.wallMs()
  const folder = await createLabFolder(config.id, startedMs, environment.home)
  const record: ExperimentRecord = {
    schemaVersion: 1,
    experimentId: folder.id,
    name: config.name,
    project: config.project,
    configDigest: configDigest(config),
    configFile: resolve(config.file),
    region: config.aws.region,
    startedMs,
    expiresAtMs: startedMs + config.ttlS * 1000,
    tags: { ...config.tags },
    systems: config.systems.map(({ name }) => name),
    state: 'settingUp',
    driver: thisDriver(),
    steps: [],
    instances: [],
    bucket: null,
    applyToReadyMs: null,
    runs: [],
    keepOnFailure: options.keepOnFailure,
    maxCostUsd: options.maxCostUsd,
  }
  await writeRecord(record, folder)
  environment.print(`experiment ${folder.id} in ${folder.directory}`)
  return { folder, record }
}

async function make(life: Life, config: LabConfig, command: string, watch: Watch): Promise<void> {
  const { folder, environment, log } = life
  const { experimentId, startedMs } = life.record()
  const { signal } = watch
  await life.step('bench archive', async () => {
    const { sizeBytes, files, sha256 } = await writeBenchArchive(folder.archiveFile)
    log.log(`${folder.archiveFile}: ${files} files, ${sizeBytes} bytes, SHA-256 ${sha256}`)
    const inputs = { experimentId, startedMs, benchArchive: folder.archiveFile }
    await writeTerraformRoot(folder, terraformSource(environment.variables), tfvarsJson(config, inputs))
  })
  const terraform = openTerraform({
    ...{ command, folder, log, environment: environment.variables },
    secrets: secretsOf(config),
  })
  await life.step('terraform init', () => terraform.init(signal))
  const applyMs = environment.clock.wallMs()
  await life.step('terraform apply', async () => {
    try {
      await terraform.apply(signal)
      const { bucket } = await terraform.outputs(signal)
      await life.update({ bucket })
    } finally {
      // Also of an apply that failed: what it made is there and is paid for.
      await recordInstances(life, config, AbortSignal.timeout(60_000)).catch((error) =>
        log.log(`instances could not be listed: ${error}`),
      )
    }
  })
  const instances = life.record().instances.filter(({ endedMs }) => endedMs === null)
  watch.beginInstances()
  await life.step('boot', () => waitUntilReady(instances, life, signal))
  const applyToReadyMs = environment.clock.wallMs() - applyMs
  // Going on with what is ready already says nothing about how long it took.
  if (life.record().applyToReadyMs === null) await life.update({ applyToReadyMs })
  log.tell(`ready ${seconds(applyToReadyMs)} after the apply began (goal: ${READY_GOAL_MS / 1000} s)`)
}

function secretsOf(config: LabConfig): Record<string, Readonly<Record<string, string>>> {
  const names = config.systems.map(({ name }) => name)
  const chosen = LAB_SYSTEMS.filter(({ name }) => names.includes(name))
  return Object.assign({}, ...chosen.map((system) => system.secrets?.() ?? {}))
}

/** The same for configurations that ask for the same, wherever their files lie. */
export function configDigest(config: LabConfig): string {
  const asked = terraformVariables(config, { experimentId: 'exp', startedMs: 0, benchArchive: null })
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex')
}

function requireSame({ folder, record }: FoundExperiment, config: LabConfig): void {
  if (record.state === 'ended') {
    throw new AppError(
      'USAGE',
      `expected an experiment that is not over, got ${folder.id}, which has ended`,
      {
        hint: 'make a new one: bench setup',
      },
    )
  }
  if (record.configDigest === configDigest(config)) return
  throw new AppError(
    'CONFIG',
    `${config.file}: expected the configuration of ${folder.id} (${record.configFile}), got another`,
    { hint: 'tags given by --tag count too; for other settings make a new experiment: bench setup' },
  )
}
