/**
 * Proof: the files of the OpenMessaging Benchmark parse unchanged. `OMB_HOME` names a copy of its repository. Every
 * workload is read and planned (accepted, or refused for a stated reason), every Kafka, Pulsar and RabbitMQ driver file
 * is read (translated, or not yet supported). Prints a table; exits 1 when a file fails for any other reason.
 */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DRIVERS } from '../src/drivers/registry.ts'
import { AppError, messageOf } from '../src/errors/app-error.ts'
import { readDriverFile, readDriverOutline } from '../src/workload/driver-file.ts'
import { makePlan } from '../src/workload/plan.ts'
import { readWorkload } from '../src/workload/workload-file.ts'

type Status = 'accepted' | 'refused' | 'failed'
interface Row {
  readonly file: string
  readonly status: Status
  readonly why: string
}

/** Reasons that are statements about `bench`, not complaints about the file. */
const STATED = /not yet there|on one machine/
const DRIVER_FOLDERS = ['driver-kafka', 'driver-pulsar', 'driver-rabbitmq']

async function rowOf(
  home: string,
  file: string,
  parse: () => Promise<unknown>,
  use: () => Promise<string>,
): Promise<Row> {
  const brief = (thrown: unknown) =>
    messageOf(thrown)
      .replaceAll(`${home}/`, '')
      .replace(/\n[\s\S]*/, (more) => ` (+${more.split('\n').length - 1} more)`)
  try {
    await parse()
  } catch (error) {
    return { file, status: 'failed', why: brief(error) }
  }
  try {
    return { file, status: 'accepted', why: await use() }
  } catch (error) {
    const stated =
      error instanceof AppError &&
      messageOf(error)
        .split('\n')
        .every((line) => STATED.test(line))
    return { file, status: stated ? 'refused' : 'failed', why: brief(error) }
  }
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => entry.name)
    .sort()
}

function workloadRow(home: string, file: string): Promise<Row> {
  const path = join(home, file)
  const side = DRIVERS[0]?.name
  return rowOf(
    home,
    file,
    () => readWorkload(path),
    async () => {
      const plan = await makePlan({ workloadFile: path, ...(side === undefined ? {} : { drivers: side }) })
      return plan.notes.join('; ')
    },
  )
}

function driverRow(home: string, file: string): Promise<Row> {
  const path = join(home, file)
  return rowOf(
    home,
    file,
    () => readDriverOutline(path),
    async () => (await readDriverFile(path, DRIVERS)).ignored.join('; '),
  )
}

async function main(): Promise<number> {
  const given = process.env.OMB_HOME
  if (given === undefined || given === '') {
    console.error('expected OMB_HOME to name a copy of the OpenMessaging Benchmark repository, got nothing')
    return 2
  }
  const home = resolve(given)
  const workloads: Row[] = []
  const drivers: Row[] = []
  for (const name of yamlFiles(join(home, 'workloads')))
    workloads.push(await workloadRow(home, `workloads/${name}`))
  for (const folder of DRIVER_FOLDERS) {
    for (const name of yamlFiles(join(home, folder))) drivers.push(await driverRow(home, `${folder}/${name}`))
  }
  for (const { file, status, why } of [...workloads, ...drivers]) {
    console.log(`${status.padEnd(8)}  ${file.padEnd(62)}  ${why.slice(0, 160)}`)
  }
  const count = (rows: readonly Row[], status: Status) => rows.filter((row) => row.status === status).length
  for (const [what, rows] of [
    ['workloads', workloads],
    ['driver files', drivers],
  ] as const) {
    const parts = (['accepted', 'refused', 'failed'] as const).map(
      (status) => `${count(rows, status)} ${status}`,
    )
    console.log(`${rows.length} ${what}: ${parts.join(', ')}`)
  }
  const rows = [...workloads, ...drivers]
  return rows.length === 0 || count(rows, 'failed') > 0 ? 1 : 0
}

process.exitCode = await main()
