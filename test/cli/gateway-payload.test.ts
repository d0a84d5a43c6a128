// Goal: `bench gateway payload` writes the promised bytes where it is told, and refuses what it cannot do. Method: the
// real command in a child process; a terminal only is played by a sink.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makePayload } from '../../gateway/payload/payload.ts'
import { runPayload } from '../../src/cli/gateway-payload.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { countRecords } from '../../src/otlp/count.ts'

const scratch = mkdtempSync(join(tmpdir(), 'bench-payload-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

async function bench(...args: string[]) {
  const main = join(import.meta.dir, '..', '..', 'src', 'cli', 'main.ts')
  const child = Bun.spawn([process.execPath, main, 'gateway', ...args], { stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { stdout, stderr, code }
}

test('protobuf to a pipe, told on stderr', async () => {
  const { stdout, stderr, code } = await bench('payload', '--spans', '100')
  expect(code).toBe(0)
  const expected = makePayload({ signal: 'traces', profile: 'even', records: 100, seed: 1 }).body
  expect(Buffer.from(stdout).equals(expected)).toBe(true)
  expect(stderr).toBe(`${expected.length} bytes, 100 spans, profile even, seed 1\n`)
})

test('to a file, with every option', async () => {
  const file = join(scratch, 'logs.bin')
  const args = ['--signal', 'logs', '--profile=real', '--spans', '7', '--seed', '9', '--out', file]
  const { stdout, code } = await bench('payload', ...args)
  expect(code).toBe(0)
  expect(stdout.length).toBe(0)
  const written = readFileSync(file)
  expect(written.equals(makePayload({ signal: 'logs', profile: 'real', records: 7, seed: 9 }).body)).toBe(
    true,
  )
  expect(countRecords('logs', written)).toBe(7)
})

test('--json is OTLP/JSON', async () => {
  const { stdout, code } = await bench('payload', '--signal', 'metrics', '--spans', '3', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(Buffer.from(stdout).toString())).toHaveProperty('resourceMetrics')
})

test.each([
  [['payload', '--spans', '0'], 2, 'expected --spans to be a whole number from 1 to 100000'],
  [['payload', '--seed=-1'], 2, 'expected --seed to be a whole number from 0'],
  [['payload', '--signal', 'trace'], 2, 'expected --signal to be one of traces, metrics, logs'],
  [['payload', '--profile', 'x'], 2, 'expected --profile to be one of even, real'],
  [['payload', '--colour'], 2, 'hint: bench gateway payload --help'],
  [['payload', '--out', join(scratch, 'no', 'such', 'folder')], 1, 'expected to write'],
  [['payloda'], 2, 'did you mean: bench gateway payload'],
  [['constructor'], 2, 'expected a verb of gateway'],
])('%j is refused', async (args, code, said) => {
  const result = await bench(...args)
  expect(result.code).toBe(code)
  expect(result.stderr).toContain(said)
  expect(result.stdout.length).toBe(0)
})

test('help lists the verbs, and the options of a verb', async () => {
  expect(Buffer.from((await bench('--help')).stdout).toString()).toContain('payload')
  const { stdout, code } = await bench('payload', '--help')
  expect(code).toBe(0)
  expect(Buffer.from(stdout).toString()).toContain('--profile <profile>')
})

test('a terminal never gets binary, but may get JSON', async () => {
  const written: Uint8Array[] = []
  const sink = { isTerminal: true, write: (bytes: Uint8Array) => void written.push(bytes) }
  const run = (...argv: string[]) =>
    runPayload(argv, { stderr: () => {} }, new AbortController().signal, sink)
  const refusal = await run().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(AppError)
  expect((refusal as AppError).message).toBe('expected a file or a pipe for protobuf, got a terminal')
  expect(written).toEqual([])
  await run('--json')
  expect(written.length).toBe(1)
  const file = join(scratch, 'from-terminal.bin')
  await run('--out', file)
  expect(existsSync(file)).toBe(true)
})
