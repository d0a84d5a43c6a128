// Goal: on a machine where nothing was prepared, ./bench sets itself up and starts; afterwards it adds next to nothing.
// Method: a copy of the checkout (in a folder with a space) and an empty HOME; Bun is really installed, once for all
// tests. Only the program it starts is a stand-in, which says what it was given.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '..', '..')
const INSTALL_LIMIT_MS = 300_000
const scratch = mkdtempSync(join(tmpdir(), 'bench-launcher-'))
const checkout = join(scratch, 'check out')
const home = join(scratch, 'home')
afterAll(() => {
  rmSync(scratch, { recursive: true })
})

const STAND_IN = `
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), bun: Bun.version, path: process.execPath, pid: process.pid, dotEnv: process.env.FROM_DOT_ENV ?? null }))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
if (process.argv[2] === 'fail') process.exit(7)
`

interface Said {
  readonly args: string[]
  readonly cwd: string
  readonly bun: string
  readonly path: string
  readonly pid: number
  readonly dotEnv: string | null
}

function environment(changes: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { ...(process.env as Record<string, string>), HOME: home, ...changes }
  for (const name of ['BENCH_CACHE', 'XDG_CACHE_HOME']) if (!(name in changes)) delete env[name]
  return env
}

async function start(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const child = Bun.spawn([...command], {
    cwd: options.cwd ?? checkout,
    env: options.env ?? environment(),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { code: await child.exited, stdout, stderr, pid: child.pid }
}

const saidBy = (stdout: string) => JSON.parse(stdout) as Said
const bench = join(checkout, 'bench')
const pinned = (await Bun.file(join(ROOT, 'package.json')).json()).engines.bun as string

beforeAll(() => {
  mkdirSync(join(checkout, 'src', 'cli'), { recursive: true })
  mkdirSync(home)
  for (const name of ['bench', 'package.json', 'bun.lock', 'bunfig.toml'])
    cpSync(join(ROOT, name), join(checkout, name))
  // A registry of one's own stands in ~/.npmrc, for npm and for Bun.
  const settings = join(homedir(), '.npmrc')
  if (existsSync(settings)) cpSync(settings, join(home, '.npmrc'))
  return Bun.write(join(checkout, 'src', 'cli', 'main.ts'), STAND_IN)
})

test(
  'three first starts at once, from elsewhere and through a link: each runs, one Bun and one set of packages stay',
  async () => {
    const link = join(scratch, 'link to bench')
    symlinkSync('check out/bench', link)
    const starts = await Promise.all(
      ['a b', '$x', '--help'].map((arg) => start([link, arg], { cwd: scratch })),
    )
    for (const [index, { code, stdout, stderr }] of starts.entries()) {
      if (code !== 0) console.log(stderr)
      expect(code).toBe(0)
      const said = saidBy(stdout)
      expect(said.args).toEqual([['a b', '$x', '--help'][index]!])
      expect(said.bun).toBe(pinned)
      expect(said.cwd).toBe(scratch)
      expect(said.path).toStartWith(join(home, '.cache', 'bench', `bun-${pinned}-`))
    }
    const cached = readdirSync(join(home, '.cache', 'bench'))
    expect(cached).toHaveLength(1)
    expect(readdirSync(join(home, '.cache', 'bench', cached[0]!))).toEqual(['bun'])
    expect(existsSync(join(checkout, 'node_modules', 'zod', 'package.json'))).toBe(true)
    expect(existsSync(join(checkout, 'node_modules', '.bench-lock'))).toBe(false)
    expect(await Bun.file(join(checkout, 'bun.lock')).text()).toBe(
      await Bun.file(join(ROOT, 'bun.lock')).text(),
    )
  },
  INSTALL_LIMIT_MS,
)

test('a second start says nothing of its own, and passes the exit status on', async () => {
  const again = await start([bench, 'x'])
  expect(again.stderr).toBe('')
  expect(saidBy(again.stdout).args).toEqual(['x'])
  expect((await start([bench, 'fail'])).code).toBe(7)
  expect((await start(['sh', './bench', 'fail'])).code).toBe(7)
})

test('a second start adds less than 150 ms to Bun itself', async () => {
  const bun = saidBy((await start([bench])).stdout).path
  const best = async (command: readonly string[]) => {
    const durations: number[] = []
    for (let i = 0; i < 7; i++) {
      const startMs = performance.now()
      await start(command)
      durations.push(performance.now() - startMs)
    }
    return Math.min(...durations)
  }
  const alone = await best([bun, join(checkout, 'src', 'cli', 'main.ts')])
  expect((await best([bench])) - alone).toBeLessThan(150)
})

test('the process that was started is the program: a signal leaves no orphan', async () => {
  const child = Bun.spawn([bench, 'wait'], { cwd: checkout, env: environment(), stdout: 'pipe' })
  const reader = child.stdout.getReader()
  const first = new TextDecoder().decode((await reader.read()).value)
  expect(saidBy(first).pid).toBe(child.pid)
  child.kill('SIGTERM')
  await child.exited
  expect(child.signalCode).toBe('SIGTERM')
})

test('settings that lie in the folder it is called from do not count', async () => {
  const elsewhere = join(scratch, 'elsewhere')
  mkdirSync(elsewhere)
  await Bun.write(join(elsewhere, '.env'), 'FROM_DOT_ENV=yes\n')
  await Bun.write(join(elsewhere, 'bunfig.toml'), 'preload = ["./nowhere.ts"]\n')
  const { stdout, stderr } = await start([bench], { cwd: elsewhere })
  expect(stderr).toBe('')
  expect(saidBy(stdout).dotEnv).toBeNull()
})

test('tools run under the same Bun', async () => {
  const { code, stdout } = await start([bench, '--exec', 'biome', '--version'])
  expect(code).toBe(0)
  expect(stdout).toContain('Version')
  const unknown = await start([bench, '--exec', 'no-such-tool'])
  expect(unknown.code).toBe(4)
  expect(unknown.stderr).toContain('no-such-tool')
})

test('a lockfile that changed is installed again', async () => {
  const file = join(checkout, 'package.json')
  await Bun.write(file, `${await Bun.file(file).text()}\n`)
  const { code, stderr } = await start([bench])
  expect(code).toBe(0)
  expect(stderr).toContain('installing the packages of bun.lock')
  expect((await start([bench])).stderr).toBe('')
})

test('the lock of an installation that was killed does not hold up the next', async () => {
  const file = join(checkout, 'package.json')
  await Bun.write(file, `${await Bun.file(file).text()}\n`)
  await Bun.write(join(checkout, 'node_modules', '.bench-lock', 'pid'), `${2 ** 22 + 1}\n`)
  expect((await start([bench])).code).toBe(0)
  expect(readdirSync(join(checkout, 'node_modules')).filter((name) => name.includes('lock'))).toEqual([])
})

test('with neither npm nor Bun it names what to install', async () => {
  const tools = join(scratch, 'tools')
  mkdirSync(tools)
  for (const name of [
    'sh',
    'readlink',
    'dirname',
    'sed',
    'uname',
    'id',
    'find',
    'mkdir',
    'rm',
    'cat',
    'cksum',
  ]) {
    symlinkSync(Bun.which(name)!, join(tools, name))
  }
  const env = environment({ PATH: tools, BENCH_CACHE: join(scratch, 'empty') })
  const { code, stdout, stderr } = await start(['/bin/sh', bench], { env })
  expect(code).toBe(4)
  expect(stdout).toBe('')
  expect(stderr).toContain('expected npm or Bun')
  expect(stderr).toContain('apt-get install npm')
  expect(readdirSync(join(scratch, 'empty')).filter((name) => name.includes('.tmp-'))).toEqual([])
})

test('a cache that cannot be written is named', async () => {
  await Bun.write(join(scratch, 'file'), '')
  const { code, stderr } = await start([bench], {
    env: environment({ BENCH_CACHE: join(scratch, 'file', 'cache') }),
  })
  expect(code).toBe(4)
  expect(stderr).toContain('expected to write into')
  expect(stderr).toContain('BENCH_CACHE')
})

test('a checkout that cannot take its packages is named', async () => {
  rmSync(join(checkout, 'node_modules'), { recursive: true })
  await Bun.write(join(checkout, 'node_modules'), 'in the way, as a read-only file system would be')
  const { code, stderr } = await start([bench])
  expect(code).toBe(4)
  expect(stderr).toContain('read-only')
  expect(stderr).toContain('cp -R')
})
