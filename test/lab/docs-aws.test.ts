// Goal: what the pages about AWS show works: every command runs, every link leads somewhere, the policy allows what bench
// calls. Method: the commands of all `sh` blocks, in their order, as processes against the AWS test double. Played are:
// Terraform and Packer (by stand-ins), the machines (they boot and run by small scripts), so that images lack what a
// check of them wants; a few commands are told what the page cannot know, and the table below says which.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Clients, clientsOf } from '../aws/double/clients.ts'
import { makeOwnImages } from '../aws/double/own-images.ts'
import { ROOT } from '../support/bench.ts'
import { skipLoudly } from '../support/skip.ts'
import { testFolder } from '../workload/files.ts'
import { missingForLab, openSmallLab, type SmallLab } from './experiment/support.ts'
import { playedTools } from './played-tools.ts'

const LIMIT_MS = 300_000
const PAGES = ['aws-quick-start', 'ami-guide', 'aws-troubleshooting', 'aws-lab']
const PLACEHOLDER = 'ami-0123456789abcdef0'
const folder = testFolder()
const text = (page: string) => readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8')

function commandsOf(page: string): string[] {
  const blocks = [...text(page).matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
  return blocks.flatMap((block) => block.trim().split('\n'))
}

/** Where a command is run in other words than the page's, or ends with another status than 0, and why. */
const TOLD: Readonly<
  Record<string, { readonly add?: string; readonly exitCode?: number; readonly why: string }>
> = {
  './bench setup --keep-on-failure': { add: '--dry-run', why: 'the page has a real setup before it' },
  [`./bench ami validate --ami-id ${PLACEHOLDER}`]: { exitCode: 4, why: 'the played machines are no images' },
}
/** The small experiment's broker is a Kafka. */
const REPLACED = [['--role broker', '--role kafka']] as const

const missing = await missingForLab()
const skips = missing !== null && skipLoudly(`the commands of the pages about AWS need ${missing}`)

// Names an image that was made before: what Packer itself does is not asked here.
const PACKER = `case $1 in
  version) echo 'Packer v1.12.0 (played)' ;;
  build) for word; do case $word in -only=*) name=\${word#-only=}; echo "us-west-2: $(cat "$IMAGES/\${name%%.*}")" ;; esac; done ;;
esac
`

let lab: SmallLab
let clients: Clients
let env: Record<string, string>
beforeAll(async () => {
  if (skips) return
  lab = await openSmallLab({ mirror: null })
  clients = clientsOf(lab.double.endpoint)
  const software = { pulsar: '4.0.8', kafka: '4.3.1', client: '1' }
  const claims = Object.entries(software).map(([name, version]) => ({ name, software: name, version }))
  const ids = await makeOwnImages(clients, claims)
  for (const [i, { name }] of claims.entries()) folder.write(`images/${name}`, ids[i]!)
  const tools = await playedTools(lab, folder)
  tools.program('packer', PACKER)
  env = { ...tools.env, IMAGES: join(folder.path, 'images') }
  mkdirSync(join(folder.path, 'config'))
  writeFileSync(join(folder.path, 'config/infrastructure.yaml'), readFileSync(lab.config))
  // Without the driver files, which would be somebody's own here.
  mkdirSync(join(folder.path, 'workloads'))
  for (const name of ['poc.yaml', 'plans'])
    symlinkSync(join(ROOT, 'workloads', name), join(folder.path, 'workloads', name))
}, LIMIT_MS)
afterAll(async () => {
  clients?.destroy()
  await lab?.close()
  folder.remove()
}, LIMIT_MS)

const done = new Set<string>()

async function run(command: string): Promise<{ exitCode: number; output: string }> {
  const words = (command.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''))
  if (words[0] === './bench') {
    const { exitCode, stdout, stderr } = await lab.home.run(words.slice(1), { env, cwd: folder.path })
    return { exitCode, output: stdout + stderr }
  }
  const child = Bun.spawn(words, {
    env: { ...process.env, ...env },
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { exitCode: await child.exited, output: stdout + stderr }
}

test.skipIf(skips).each(PAGES.filter((page) => commandsOf(page).length > 0))(
  'every command of docs/%s.md runs',
  async (page) => {
    const spare = { name: `spare-${page}`, software: 'kafka', version: '4.2.9' }
    const [imageId] = await makeOwnImages(clients, [spare])
    for (const written of commandsOf(page)) {
      // What the pages repeat, word for word, is run once.
      const isOnItsOwn = !written.includes(PLACEHOLDER)
      if (isOnItsOwn && done.has(written)) continue
      done.add(written)
      const { add = '', exitCode = 0 } = TOLD[written] ?? {}
      let command = `${written} ${add}`.replace(PLACEHOLDER, imageId!)
      for (const [from, to] of REPLACED) command = command.replace(from, to)
      const ended = await run(command)
      expect({ command, ...ended }).toEqual({ command, exitCode, output: expect.any(String) })
    }
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'afterwards nothing is left but images',
  async () => {
    const { added } = await lab.strangers()
    const ours = added.filter(({ tags }) => tags.ExperimentID !== undefined)
    expect(ours).toEqual([])
  },
  LIMIT_MS,
)

test('what is told otherwise stands in the pages', () => {
  const all = PAGES.flatMap(commandsOf)
  expect(Object.keys(TOLD).filter((command) => !all.includes(command))).toEqual([])
  expect(all.filter((command) => !/^(\.\/bench|aws|terraform|packer) /.test(command))).toEqual([])
})

test('every link leads to a file and a heading that are there', () => {
  const faults: string[] = []
  for (const page of PAGES) {
    for (const [, target] of text(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target!.split('#') as [string, string?]
      const file = path === '' ? join(ROOT, 'docs', `${page}.md`) : resolve(ROOT, 'docs', path)
      const headings = existsSync(file) ? headingsOf(readFileSync(file, 'utf8')) : null
      if (headings === null || (anchor !== undefined && !headings.includes(anchor)))
        faults.push(`${page}: ${target}`)
    }
  }
  expect(faults).toEqual([])
})

function headingsOf(markdown: string): string[] {
  const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!)
  return titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

test(
  'the options of bench ami in the guide are those of its help',
  async () => {
    const { benchHome } = await import('../support/bench.ts')
    const home = benchHome()
    const { stdout } = await home.run(['ami', 'build', '--help'])
    home.remove()
    const helped = [...stdout.matchAll(/^ {2}(?:-h, )?--([a-z-]+)/gm)].map(([, name]) => name!)
    const known = helped.filter((name) => !['help', 'json', 'dry-run'].includes(name))
    const told = [...text('ami-guide').matchAll(/^\| `--([a-z-]+)/gm)].map(([, name]) => name!)
    expect(told.toSorted()).toEqual(known.toSorted())
  },
  LIMIT_MS,
)

test('the policy allows every call of bench’s own code, and is narrowed where AWS can', () => {
  const [, json] = /```json\n([\s\S]*?)```/.exec(text('aws-lab'))!
  const { Statement: statements } = JSON.parse(json!) as {
    Statement: { Sid: string; Action: string | string[]; Resource: string | string[]; Condition?: unknown }[]
  }
  const allowed = statements.flatMap(({ Action }) => Action)
  const calls = callsOf(join(ROOT, 'src/lab'))
  expect(calls.length).toBeGreaterThan(70)
  const isAllowed = (call: string) =>
    allowed.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(call))
  expect(calls.filter((call) => !isAllowed(call))).toEqual([])
  // AWS cannot narrow listing, nor CancelCommand.
  const open = statements.filter(({ Resource, Condition }) => Resource === '*' && Condition === undefined)
  expect(open.map(({ Sid }) => Sid)).toEqual(['Look', 'EndCommands'])
})

/** Rights for what is called of the SDKs, where the name of the right is another than that of the call. */
const RIGHTS: Readonly<Record<string, string>> = {
  's3:ListBuckets': 's3:ListAllMyBuckets',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:DeleteObjects': 's3:DeleteObject',
  's3:HeadObject': 's3:GetObject',
}

function callsOf(base: string): string[] {
  const calls = new Set<string>()
  for (const name of readdirSync(base, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    const source = readFileSync(join(base, name), 'utf8')
    const services = [...source.matchAll(/'@aws-sdk\/client-([a-z0-9-]+)'/g)].map(([, service]) => service!)
    const names = [
      ...source.matchAll(/\b([A-Z]\w+)Command\(/g),
      ...source.matchAll(/\bpaginate([A-Z]\w+)\(/g),
    ]
    for (const [, call] of names) {
      const service = serviceOf(
        call!,
        services.length > 0 ? services : servicesOfFolder(join(base, dirname(name))),
      )
      if (service !== null) calls.add(RIGHTS[`${service}:${call}`] ?? `${service}:${call}`)
    }
  }
  return [...calls].sort()
}

/** The service whose client has the command: files may use several. */
function serviceOf(call: string, services: readonly string[]): string | null {
  for (const service of new Set(services)) {
    const sdk = require(`@aws-sdk/client-${service}`) as Record<string, unknown>
    if (sdk[`${call}Command`] !== undefined) return service === 'cost-explorer' ? 'ce' : service
  }
  return null
}

function servicesOfFolder(path: string): string[] {
  const sources = readdirSync(path).filter((name) => name.endsWith('.ts'))
  const texts = sources.map((name) => readFileSync(join(path, name), 'utf8')).join('\n')
  return [...texts.matchAll(/'@aws-sdk\/client-([a-z0-9-]+)'/g)].map(([, service]) => service!)
}
