import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSite } from '../../aws/double/account.ts'
import { missingForBoxes } from '../../aws/double/box/world.ts'
import { clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { addedSince, scan, type Thing } from '../../aws/double/scan.ts'
import { sampleResult } from '../../result/sample-result.ts'
import { type BenchHome, benchHome, type Finished, type Running } from '../../support/bench.ts'

const HERE = import.meta.dir
const never = new AbortController().signal

/** What the machines of a small experiment do: they ask when they boot and when they run. */
export interface Behaviour {
  boot: 'ready' | 'fail' | 'hang'
  run: 'result' | 'fail' | 'hang'
}

/** Small experiments of the real command line, against the double. */
export interface SmallLab {
  readonly double: AwsDouble
  readonly home: BenchHome
  readonly behaviour: Behaviour
  readonly config: string
  readonly spotConfig: string
  readonly plan: string
  run(...args: string[]): Promise<Finished>
  start(...args: string[]): Running
  /** Ids of the experiments of this home, oldest first. */
  experiments(): string[]
  /** `experiment.json` and `experiment.log` of one; '' before there is a log. */
  recordOf(id: string): { readonly state: string } & Record<string, unknown>
  logOf(id: string): string
  /** What is in the account and was not there at the start; what was there and is no more. */
  strangers(): Promise<{ readonly added: readonly Thing[]; readonly lost: readonly Thing[] }>
  close(): Promise<void>
}

/** What is missing for it on this machine; null: nothing. */
export async function missingForLab(): Promise<string | null> {
  const missing = missingForBoxes()
  if (missing !== null) return missing
  const tools = await awsTools(console.log)
  return typeof tools === 'string' ? tools : null
}

// Both ask the test what they shall do.
const BOOT = (port: number) => `#!/bin/bash
mkdir -p /var/lib/bench
echo "export BUCKET=$BUCKET" >/var/lib/bench/bucket
case $(curl --silent http://169.254.169.254:${port}/boot/$1) in
  ready) echo 'ready after 1 s' >/var/lib/bench/boot-state ;;
  fail)
    echo 'the disk of this machine is missing' >>/var/log/cloud-init-output.log
    echo 'failed: no disk' >/var/lib/bench/boot-state ;;
  *) echo booting >/var/lib/bench/boot-state ;;
esac
`

const RUN = (port: number) => `#!/bin/bash
. /var/lib/bench/bucket
case $(curl --silent http://169.254.169.254:${port}/run) in
  result) aws s3 cp --only-show-errors /opt/small/result.json "s3://$BUCKET/client/$2/result.json" ;;
  fail) echo 'no broker answers' >&2; exit 4 ;;
  *) sleep 1000 ;;
esac
`

const CONFIG = `experiment: {name: small}
systems: [kafka]
kafka_image_id: ami-0deb1a12000000001
compute:
  kafka: {count: 1}
  client: {image_id: ami-0deb1a12000000001}
`
const PLAN = `name: small
base_workload: {message_size: 100, producer_rate: 10, test_duration_seconds: 5, warmup_duration_seconds: 0}
test_runs:
  - {name: one, type: fixed_rate}
  - {name: two, type: fixed_rate, workload_overrides: {topics: 2}}
`

export interface SmallLabOptions {
  /** Folder of the mirror of providers: Terraform itself is used; null: its stand-in. */
  readonly mirror: string | null
}

/** Starts it; null where `missingForLab` names something. */
export async function openSmallLab({ mirror }: SmallLabOptions): Promise<SmallLab> {
  const tools = await awsTools(console.log)
  if (typeof tools === 'string') throw new Error(tools)
  const behaviour: Behaviour = { boot: 'ready', run: 'result' }
  const guide = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) =>
      new Response(
        new URL(url).pathname.startsWith('/boot/kafka')
          ? behaviour.boot
          : url.endsWith('/run')
            ? behaviour.run
            : 'ready',
      ),
  })
  const port = guide.port!
  const files = {
    '/usr/local/bin/small-boot': BOOT(port),
    '/usr/local/bin/run-benchmark': RUN(port),
    '/opt/small/result.json': JSON.stringify(sampleResult()),
  }
  const double = await startAwsDouble({ tools, files, ports: [port] }, never)
  const neighbours = clientsOf(double.endpoint)
  // Somebody else's: another experiment's, and what carries no tag at all.
  await makeSite(neighbours, 'neighbour', { ExperimentID: 'exp-neighbour', Project: 'pulsar-aws-lab' })
  await makeSite(neighbours, 'untagged', {}, '10.9.0.0/16')
  neighbours.destroy()
  const before = await scan(double)
  const home = benchHome()
  const folder = mkdtempSync(join(tmpdir(), 'bench-small-lab-'))
  const env = environmentOf(folder, mirror, double)
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    ...{ double, home, behaviour },
    config: write('infrastructure.yaml', CONFIG),
    spotConfig: write('spot.yaml', `${CONFIG}aws: {use_spot_instances: true}\n`),
    plan: write('plan.yaml', PLAN),
    run: (...args) => home.run(args, { env }),
    start: (...args) => home.start(args, { env }),
    experiments: () =>
      readdirSync(home.path)
        .filter((name) => existsSync(join(home.path, name, 'experiment.json')) && name !== 'latest')
        .toSorted(),
    recordOf: (id) => JSON.parse(readFileSync(join(home.path, id, 'experiment.json'), 'utf8')),
    logOf: (id) => {
      const file = join(home.path, id, 'experiment.log')
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    },
    strangers: async () => {
      const after = await scan(double)
      return { added: addedSince(before, after), lost: addedSince(after, before) }
    },
    close: async () => {
      await double.close()
      await guide.stop(true)
      home.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function environmentOf(folder: string, mirror: string | null, double: AwsDouble) {
  const env: Record<string, string> = {
    ...double.env,
    BENCH_TERRAFORM: join(HERE, 'small'),
    // Neither credentials nor settings of whoever runs the tests.
    ...{
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
  }
  if (mirror !== null) {
    const rc = join(folder, 'terraform.rc')
    writeFileSync(
      rc,
      `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
    )
    return { ...env, TF_CLI_CONFIG_FILE: rc }
  }
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'terraform')
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(HERE, 'stand-in/terraform.ts')}' "$@"\n`,
  )
  chmodSync(program, 0o755)
  return { ...env, PATH: `${bin}:${process.env.PATH}` }
}
