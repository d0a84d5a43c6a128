// Goal: over the whole life of a cloud experiment and of an image no secret stands where it does not belong: not in
// Terraform's state, variables and outputs, logs, user data, commands, arguments of processes, the bucket, the report.
// Method: AWS's credentials are planted in the environment, the secrets of RabbitMQ are those that bench makes (caught where
// they belong, in the environment of Terraform, which is played here and says them aloud, as a provider's error might);
// then everything is searched, in every form in which it might be written. That Terraform itself keeps them out of state
// and user data is asked in test/terraform/experiment.test.ts.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetObjectCommand, ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { formsOf } from '../support/planted-secrets.ts'
import { skipLoudly } from '../support/skip.ts'
import { testFolder } from '../workload/files.ts'
import { missingForLab, openSmallLab, type SmallLab } from './experiment/support.ts'
import { PLAYED_TERRAFORM, type PlayedTools, playedTools } from './played-tools.ts'

const LIMIT_MS = 300_000
const folder = testFolder()
const missing = await missingForLab()
const skips = missing !== null && skipLoudly(`the life of a cloud experiment needs ${missing}`)

const AWS = {
  AWS_SECRET_ACCESS_KEY: 'planted/aws+secret&4801',
  AWS_SESSION_TOKEN: 'planted-aws-session<4802>',
}
const OVERRIDE = 'planted-override-p@ss&4803'
const CONFIG = `systems: [rabbitmq]
rabbitmq_image_id: ami-0deb1a12000000001
compute:
  rabbitmq: {count: 1}
  client: {image_id: ami-0deb1a12000000001}
`
const caught = () => join(folder.path, 'caught')
const argv = () => join(folder.path, 'argv')

let lab: SmallLab
let tools: PlayedTools
beforeAll(async () => {
  if (skips) return
  lab = await openSmallLab({ mirror: null })
  tools = await playedTools(lab, folder)
  // `printf` without a process: nothing but this file may see it.
  tools.program(
    'terraform',
    `printf '%s\\n' "$*" >>'${argv()}'
if [ "$1" = apply ]; then
  printf '%s' "$TF_VAR_rabbitmq_secrets" >'${caught()}'
  printf 'Error: the provider said: %s\\n' "$TF_VAR_rabbitmq_secrets" | tr -d '"{}' >&2
  printf 'and once more: %s\\n' "$TF_VAR_rabbitmq_secrets"
fi
exec ${PLAYED_TERRAFORM} "$@"
`,
  )
}, LIMIT_MS)
afterAll(async () => {
  await lab?.close()
  folder.remove()
}, LIMIT_MS)

/** Arguments of all processes of this machine, as often as it can be looked while something runs. */
async function watchArguments<T>(running: Promise<T>): Promise<{ value: T; seen: Set<string> }> {
  const seen = new Set<string>()
  let isOver = false
  const value = running.finally(() => {
    isOver = true
  })
  while (!isOver) {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // It has ended meanwhile.
      }
    }
    await Bun.sleep(20)
  }
  return { value: await value, seen }
}

interface Place {
  readonly where: string
  readonly content: Uint8Array
}

function place(where: string, text: string): Place {
  return { where, content: Buffer.from(text) }
}

function filesBelow(path: string): Place[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ where: file, content: readFileSync(file) }))
}

async function bucketContents(): Promise<Place[]> {
  const { s3 } = lab.double.behind
  const places: Place[] = []
  for (const { Name: Bucket } of (await s3.send(new ListBucketsCommand({}))).Buckets ?? []) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    for (const { Key } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      places.push({ where: `s3 ${Key}`, content: await Body!.transformToByteArray() })
    }
  }
  return places
}

function leaks(places: readonly Place[], secrets: Readonly<Record<string, string>>): string[] {
  const forms = Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)] as const)
  return places.flatMap(({ where, content }) => {
    const bytes = Buffer.from(content)
    return forms
      .filter(([, each]) => each.some((form) => bytes.includes(form)))
      .map(([name]) => `${where}: ${name}`)
  })
}

test.skipIf(skips)(
  'the life of an experiment keeps every secret',
  async () => {
    const env = { ...tools.env, ...AWS }
    const config = folder.write('infrastructure.yaml', CONFIG)
    const said: Place[] = []
    const arguments_ = new Set<string>()
    const bench = async (expected: number, ...args: string[]) => {
      const { value, seen } = await watchArguments(lab.home.run(args, { env }))
      const { exitCode, stdout, stderr } = value
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: expected, stderr })
      said.push(place(`output of ${args[0]}`, stdout + stderr))
      // Its own arguments are the person's.
      for (const each of seen) if (!each.includes(OVERRIDE)) arguments_.add(each)
    }
    await bench(0, 'setup', '--config', config)
    const { password, erlang_cookie } = JSON.parse(readFileSync(caught(), 'utf8'))
    const secrets = { ...AWS, password, erlang_cookie }
    expect(password.length).toBeGreaterThan(15)
    await bench(0, 'run', lab.plan, '--experiment-id', 'latest', '--config', config)
    const drivers = ['--drivers', `rabbitmq+password=${OVERRIDE}`]
    await bench(2, 'run', lab.plan, '--experiment-id', 'latest', '--config', config, ...drivers)
    for (const verb of ['logs', 'report']) await bench(0, verb, '--experiment-id', 'latest')
    const stored = await bucketContents()
    expect(stored.some(({ where }) => where.endsWith('result.json'))).toBe(true)
    await bench(0, 'teardown', '--experiment-id', 'latest')

    const { commands, machines } = lab.double
    expect(commands.length).toBeGreaterThan(2)
    const sent = commands.map(({ id, script, comment, parameters }) =>
      place(`command ${id}`, `${script}\n${comment}\n${JSON.stringify(parameters)}`),
    )
    const booted = [...machines.values()].map(({ id, userData }) => place(`user data of ${id}`, userData))
    const ran = [...arguments_].map((text) => place('arguments of a process', text))
    const files = filesBelow(lab.home.path)
    expect(files.some(({ where }) => where.endsWith('terraform.tfstate'))).toBe(true)
    expect(files.some(({ where }) => where.endsWith('experiment.log'))).toBe(true)
    // What Terraform said aloud stands there, masked.
    const aloud = files.filter(({ content }) => Buffer.from(content).includes('the provider said'))
    expect(aloud.length).toBeGreaterThan(0)
    const terraform = place('arguments of Terraform', readFileSync(argv(), 'utf8'))
    const all = [...said, ...stored, ...sent, ...booted, ...ran, ...files, terraform]
    expect(leaks(all, { ...secrets, override: OVERRIDE })).toEqual([])
    // The search finds what is there.
    expect(leaks([place('x', `a ${password}`)], secrets)).toEqual(['x: password'])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'building an image keeps them too: variables, log, output and arguments',
  async () => {
    const variables = join(folder.path, 'variables')
    tools.program(
      'packer',
      `for word; do case $word in -var-file=*) cat "\${word#-var-file=}" >>'${variables}' ;; esac; done
printf '%s\\n' "$*" >>'${argv()}'
if [ "$1" = build ]; then env | grep -c ^AWS_SECRET >>'${variables}'; exit 1; fi
`,
    )
    const running = lab.home.run(['ami', 'build', '--broker', 'rabbitmq', '--region', 'us-west-2'], {
      env: { ...tools.env, ...AWS },
    })
    const { value, seen } = await watchArguments(running)
    expect(value.exitCode).toBe(4)
    const places = [
      ...filesBelow(join(lab.home.path, 'images')),
      ...[...seen].map((text) => place('arguments of a process', text)),
      place('output', value.stdout + value.stderr),
      place('variables and arguments', readFileSync(argv(), 'utf8') + readFileSync(variables, 'utf8')),
    ]
    // Packer had the credentials where they belong, in its environment.
    expect(readFileSync(variables, 'utf8')).toEndWith('1\n')
    expect(leaks(places, AWS)).toEqual([])
  },
  LIMIT_MS,
)
