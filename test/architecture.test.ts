// Goal: the house keeps its walls. Method: every import of every file under src/ and gateway/ is read and held against
// the table of who may import whom (ARCHITECTURE.md draws it); names of brokers are looked for where nobody may know them.
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '..')

/** Module → modules of src/ it may import besides itself. `drivers/registry` is the one file that resolves names. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  clock: ['errors'],
  otlp: ['clock', 'errors'],
  driver: ['clock', 'errors'],
  drivers: ['driver', 'otlp', 'clock', 'errors'],
  engine: ['driver', 'clock', 'errors', 'workload', 'result'],
  worker: ['engine', 'driver', 'drivers/registry', 'clock', 'errors'],
  brokers: ['drivers', 'driver', 'clock', 'errors'],
  proxy: ['clock', 'errors'],
  workload: [
    'drivers/registry',
    'driver',
    'engine/envelope',
    'engine/random',
    'compare/statistics',
    'errors',
  ],
  result: ['engine/types', 'workload/model', 'workload/search', 'workload/slo', 'errors'],
  search: ['result', 'workload/search', 'workload/slo', 'errors'],
  compare: ['result', 'workload/schedule-text', 'engine/types', 'engine/random', 'errors'],
  report: ['compare', 'result', 'engine/types', 'workload/model', 'workload/schedule-text', 'errors'],
  metrics: ['result', 'errors'],
  live: ['run/events', 'report', 'result', 'errors'],
  publish: ['report', 'compare', 'result', 'workload/model', 'workload/secrets', 'errors'],
  run: [
    'brokers',
    'proxy',
    'worker',
    'engine',
    'driver',
    'drivers/registry',
    'search',
    'result',
    'workload',
    'clock',
    'errors',
  ],
  calibrate: [
    'run',
    'brokers/provision',
    'drivers/echo',
    'engine',
    'result',
    'workload/model',
    'clock',
    'errors',
  ],
  lab: [
    'brokers/lab-system',
    'brokers/lab-systems',
    'brokers/process',
    'drivers/registry',
    'workload',
    'result',
    'clock',
    'errors',
  ],
  cli: [
    'run',
    'lab',
    'calibrate',
    'live',
    'metrics',
    'workload',
    'report',
    'publish',
    'compare',
    'result',
    'brokers',
    'drivers/registry',
    'clock',
    'errors',
  ],
}

/** What the gateway takes from src/. */
const GATEWAY_MAY_IMPORT = ['otlp', 'clock', 'errors']
/** Who in src/ may import the gateway. */
const MAY_IMPORT_GATEWAY = ['cli']

/** What the simulation takes from src/: no driver of a broker, and no broker. */
const SIM_MAY_IMPORT = ['clock', 'driver', 'engine', 'result', 'run', 'search', 'worker', 'workload']

/** What a module that only looks at results must not reach for. */
const NO_SIDE_EFFECTS = ['result', 'compare', 'report']
const NETWORK_OR_PROCESS =
  /from '(node:(net|http|https|http2|tls|dgram|child_process|cluster|worker_threads))'/

const BROKER_NAME = /kafka|rabbit|pulsar|amqp/i
const MAY_KNOW_BROKERS = ['drivers', 'brokers']

interface SourceFile {
  /** Path below its base (src/ or gateway/), e.g. `run/trial.ts`. */
  readonly path: string
  readonly module: string
  readonly text: string
}

function sources(folder = 'src'): SourceFile[] {
  const base = join(ROOT, folder)
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path,
      module: path.split('/')[0]!,
      text: readFileSync(join(base, path), 'utf8'),
    }))
}

/** Paths of what a file imports, seen from src/. `base` is the folder that its own path is seen from. */
function importsOf(file: SourceFile, base = 'src'): string[] {
  const found = file.text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return [...found].map((match) => relative('src', join(base, dirname(file.path), match[1]!)))
}

test('every module imports only what the design allows', () => {
  const breaches: string[] = []
  for (const file of sources()) {
    const allowed = ALLOWED[file.module]
    if (allowed === undefined) {
      breaches.push(`${file.path}: module ${file.module} is not in the table`)
      continue
    }
    for (const target of importsOf(file)) {
      if (target.startsWith('../gateway/') && !MAY_IMPORT_GATEWAY.includes(file.module))
        breaches.push(`${file.path} imports ${target}`)
      if (target.startsWith('..')) continue
      const module = target.split('/')[0]!
      const isOwn = module === file.module
      const isAllowed = allowed.some((name) => target === `${name}.ts` || target.startsWith(`${name}/`))
      if (!isOwn && !isAllowed) breaches.push(`${file.path} imports ${target}`)
    }
  }
  expect(breaches).toEqual([])
})

test('the gateway imports only the codec, the clock and the errors of src', () => {
  const breaches: string[] = []
  for (const file of sources('gateway')) {
    for (const target of importsOf(file, 'gateway')) {
      const isAllowed = ['../gateway', ...GATEWAY_MAY_IMPORT].some((name) => target.startsWith(`${name}/`))
      if (!isAllowed) breaches.push(`gateway/${file.path} imports ${target}`)
    }
  }
  expect(breaches).toEqual([])
})

test('the simulation uses the product, and the product knows nothing of the simulation', () => {
  const breaches: string[] = []
  for (const base of ['src', 'gateway']) {
    for (const file of sources(base)) {
      if (importsOf(file, base).some((target) => target.startsWith('../sim/')))
        breaches.push(`${base}/${file.path} imports the simulation`)
    }
  }
  for (const file of sources('sim')) {
    for (const target of importsOf(file, 'sim')) {
      const isAllowed = ['../sim', ...SIM_MAY_IMPORT].some((name) => target.startsWith(`${name}/`))
      if (!isAllowed) breaches.push(`sim/${file.path} imports ${target}`)
    }
    if (NETWORK_OR_PROCESS.test(file.text)) breaches.push(`sim/${file.path} uses the network or a process`)
  }
  expect(breaches).toEqual([])
})

test('a driver imports no other driver', () => {
  const breaches: string[] = []
  for (const file of sources().filter(
    (each) => each.module === 'drivers' && each.path.split('/').length > 2,
  )) {
    const own = file.path.split('/')[1]!
    for (const target of importsOf(file)) {
      if (
        target.startsWith('drivers/') &&
        !target.startsWith(`drivers/${own}/`) &&
        target !== 'drivers/registry.ts'
      ) {
        breaches.push(`${file.path} imports ${target}`)
      }
    }
  }
  expect(breaches).toEqual([])
})

test('result, compare and report use no network and no process', () => {
  const breaches = sources()
    .filter((file) => NO_SIDE_EFFECTS.includes(file.module))
    .filter(
      (file) => NETWORK_OR_PROCESS.test(file.text) || /Bun\.(spawn|listen|connect|serve)/.test(file.text),
    )
    .map((file) => file.path)
  expect(breaches).toEqual([])
})

test('the SDKs of AWS are loaded when they are needed, never at the start', () => {
  const breaches = sources()
    .filter((file) => /^import (?!type )[^']*from '@aws-sdk\//m.test(file.text))
    .map((file) => file.path)
  expect(breaches).toEqual([])
})

test('only entry points exit the process', () => {
  const breaches = [...sources(), ...sources('gateway')]
    .filter((file) => /process\.exit\(/.test(file.text) && !/(^|[/-])main\.ts$/.test(file.path))
    .map((file) => file.path)
  expect(breaches).toEqual([])
})

test('nobody outside drivers and brokers knows a broker by name', () => {
  const breaches: string[] = []
  for (const file of sources()) {
    if (MAY_KNOW_BROKERS.includes(file.module)) continue
    file.text.split('\n').forEach((line, i) => {
      const code = line.replace(/\/\/.*$/, '').replace(/^\s*(\/?\*).*$/, '')
      if (BROKER_NAME.test(code) && !/example\(/.test(code))
        breaches.push(`${file.path}:${i + 1}: ${line.trim()}`)
    })
  }
  expect(breaches).toEqual([])
})

test('no file is longer than 400 lines', () => {
  const long = [...sources(), ...sources('gateway')]
    .filter((file) => file.text.split('\n').length > 400)
    .map((file) => file.path)
  expect(long).toEqual([])
})
