/**
 * Question: does `bench full` go from nothing to a report and back to nothing, with real clusters?
 *
 * Needs root on Linux, Terraform and its AWS provider, npm, and Debian's mirror. AWS is the test double, whose instances
 * are namespaces that execute; images are Debians into which Packer's scripts have installed. One experiment sets up the
 * systems named as arguments (default: kafka; `all`), each with several nodes, by Terraform and the instances' own boot
 * scripts, runs `workloads/plans/poc.yaml` there and ends. In between the nodes are asked for each other; afterwards the
 * account must be as before, with all that others have in it. `--whole` runs the plan as it stands, else a short form of
 * it. Ends with 1 when anything differs.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../src/errors/app-error.ts'
import { readResult } from '../src/result/store.ts'
import { missingForBoxes } from '../test/aws/double/box/world.ts'
import { visibleOnHost } from '../test/aws/double/host-traces.ts'
import { awsTools } from '../test/aws/double/moto.ts'
import { addedSince, scan, withTag } from '../test/aws/double/scan.ts'
import { providerMirror, ROOT } from '../test/terraform/terraform.ts'
import { startBench } from './lab/bench-child.ts'
import { checkClusters } from './lab/cluster-checks.ts'
import { writeConfiguration } from './lab/configuration.ts'
import { type LabDouble, startLabDouble } from './lab/lab-double.ts'
import { NEIGHBOUR, plantNeighbour } from './lab/neighbour.ts'
import { SYSTEMS } from './lab/systems.ts'

const EXPERIMENT = 'exp-proof'
const SHORT = ['--rate', '500', '--warmup', '5s', '--duration', '15s', '--workers', '1']
/** Findings of a busy machine, not of the lab: missed, invalid. */
const FINDINGS = [0, 5, 6]
/** The seed's wish for the time from apply to ready. */
const READY_GOAL_S = 120

const stop = new AbortController()
const log = (line: string) => console.error(`proof: ${line}`)
const faults: string[] = []

function expectThat(what: string, isSo: boolean, seen: unknown = ''): void {
  log(`${isSo ? 'ok   ' : 'FAULT'} ${what}`)
  if (!isSo) faults.push(`${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
}

async function main(chosen: readonly string[], isWhole: boolean): Promise<number> {
  const provider = providerMirror()
  const tools = await awsTools(log)
  const missing =
    missingForBoxes() ??
    (Bun.which('terraform') === null ? 'terraform on the PATH' : null) ??
    (provider === null ? 'a filesystem mirror with hashicorp/aws (BENCH_TERRAFORM_MIRROR)' : null) ??
    (typeof tools === 'string' ? tools : null)
  if (missing !== null || typeof tools === 'string') {
    log(`expected ${missing}; nothing was tried`)
    return 2
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  const folder = mkdtempSync(join(tmpdir(), 'bench-proof-lab-'))
  try {
    const double = await startLabDouble([...chosen, 'client'], tools, log, stop.signal)
    try {
      await prove(chosen, isWhole ? [] : SHORT, double, { folder, provider: provider! })
    } finally {
      await double.close()
    }
    const machines = [...double.aws.machines.values()]
    const traces = visibleOnHost(
      machines.map(({ id }) => id),
      machines.map(({ address }) => address),
    )
    expectThat('nothing of the instances is left on this machine', traces.length === 0, traces)
  } catch (error) {
    faults.push(messageOf(error))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const fault of faults) log(`FAULT: ${fault}`)
  const good = `${chosen.join(', ')}: from nothing to a report and back to nothing`
  log(faults.length === 0 ? good : `${faults.length} faults`)
  return faults.length === 0 ? 0 : 1
}

interface Place {
  readonly folder: string
  readonly provider: string
}

async function prove(
  chosen: readonly string[],
  options: readonly string[],
  { aws }: LabDouble,
  { folder, provider }: Place,
): Promise<void> {
  await plantNeighbour(aws)
  const before = await scan(aws)
  const home = join(folder, 'home')
  const env = environment(folder, provider, { ...aws.env, BENCH_HOME: home })
  const config = writeConfiguration(join(folder, 'config'), EXPERIMENT, chosen)
  const plan = join(ROOT, 'workloads/plans/poc.yaml')
  let checks: Promise<void> = Promise.resolve()
  const onLine = (line: string) => {
    log(`bench: ${line}`)
    if (/ready \S+ s after the apply began/.test(line))
      checks = checkClusters(aws, EXPERIMENT, chosen, expectThat, stop.signal).catch((error) => {
        if (!stop.signal.aborted) expectThat('the nodes could be asked', false, messageOf(error))
      })
  }
  const args = ['full', '--test-plan', plan, '--config', config, ...options]
  const child = startBench(args, env, onLine)
  stop.signal.addEventListener('abort', child.interrupt)
  const { code, stdout } = await child.ended
  for (const line of stdout.split('\n')) log(`bench said: ${line}`)
  await checks
  if (stop.signal.aborted) expectThat('the proof was not interrupted', false)
  else {
    expectThat('bench full ended with its findings', FINDINGS.includes(code), `status ${code}`)
    await checkFolder(join(home, EXPERIMENT), chosen)
  }
  const after = await scan(aws)
  const left = addedSince(before, after)
  const lost = addedSince(after, before)
  expectThat('the account holds nothing of ours', left.length === 0, left)
  expectThat('nor by its tag', withTag(after, 'ExperimentID', EXPERIMENT).length === 0)
  expectThat('and everything of the others', lost.length === 0, lost)
  log(`of the neighbour: ${withTag(after, 'ExperimentID', NEIGHBOUR).length} resources of ${before.length}`)
}

/** What `bench full` leaves on this machine: its record, results, reports and costs. */
async function checkFolder(directory: string, chosen: readonly string[]): Promise<void> {
  const record = JSON.parse(readFileSync(join(directory, 'experiment.json'), 'utf8'))
  expectThat('the record says that it has ended', record.state === 'ended', record.state)
  const readyMs = record.applyToReadyMs
  expectThat('and how long it took to be ready', typeof readyMs === 'number', readyMs)
  log(`from apply to ready: ${Math.round(readyMs / 1000)} s (the seed's wish: ${READY_GOAL_S} s)`)
  expectThat(
    'all runs are done',
    record.runs.every(({ outcome }: { outcome: string }) => outcome === 'done'),
  )
  for (const run of record.runs) {
    const place = join(directory, 'runs', run.folder ?? run.id)
    const { result } = await readResult(place)
    const measured = result.sides.filter(({ trials }) => trials.length > 0).map(({ driver }) => driver)
    expectThat(
      `${run.name}: every system was measured`,
      chosen.every((name) => measured.includes(name)),
      measured,
    )
    expectThat(`${run.name}: has a report`, existsSync(join(place, 'report/index.html')))
  }
  expectThat('costs were worked out', existsSync(join(directory, 'costs.json')))
}

function environment(
  folder: string,
  provider: string,
  more: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const settings = join(folder, 'terraform.rc')
  const installation = `provider_installation {\n  filesystem_mirror {\n    path = "${provider}"\n  }\n}\n`
  writeFileSync(settings, `disable_checkpoint = true\n${installation}`)
  return { ...process.env, ...more, TF_CLI_CONFIG_FILE: settings }
}

const words = process.argv.slice(2)
const asked = words
  .filter((word) => word !== '--whole')
  .flatMap((name) => (name === 'all' ? Object.keys(SYSTEMS) : [name]))
const unknown = asked.filter((name) => SYSTEMS[name] === undefined)
if (unknown.length > 0) {
  log(`expected names among ${Object.keys(SYSTEMS).join(', ')} or all, or --whole, got ${unknown.join(', ')}`)
  process.exit(2)
}
process.exit(await main(asked.length > 0 ? asked : ['kafka'], words.includes('--whole')))
