// Goal: a broker runs where it was asked to, falls back with a line that says why, and never against an explicit wish.
// Method: the two ways are counters; the engine is one that answers to nothing, or a script that says it has all images.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MODULE = join(import.meta.dir, '../../../src/brokers/container/index.ts')
const folder = mkdtempSync(join(tmpdir(), 'bench-runtime-'))
const docker = join(folder, 'docker')
beforeEach(() => {
  writeFileSync(docker, '#!/bin/sh\necho 99.0\n')
  chmodSync(docker, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Answer {
  readonly took: string
  readonly lines: readonly string[]
}

// A process of its own: Bun looks programs up in the PATH it was started with.
function start(given: {
  runtime: string
  nativeOnly: string | null
  engine: boolean
  fails: boolean
}): Answer {
  const script = `
    const { startByRuntime } = await import(${JSON.stringify(MODULE)})
    const lines = []
    const inContainer = async () => { if (${given.fails}) throw new Error('no luck'); return 'container' }
    const paths = { name: 'x', image: 'x:1', nativeOnly: ${JSON.stringify(given.nativeOnly)}, inContainer,
      natively: async () => 'native', log: (line) => lines.push(line) }
    const took = await startByRuntime(paths, new AbortController().signal)
      .catch((error) => (error.code ?? 'Error') + ': ' + error.message)
    console.log(JSON.stringify({ took, lines }))`
  const env = {
    ...process.env,
    BENCH_RUNTIME: given.runtime,
    PATH: given.engine ? `${folder}:/bin` : '/nowhere',
  }
  const child = Bun.spawnSync([process.execPath, '-e', script], { env, timeout: 30_000 })
  return JSON.parse(child.stdout.toString())
}

test('an engine that has the image: the container, without a word', () => {
  const given = { nativeOnly: null, engine: true, fails: false }
  expect(start({ ...given, runtime: '' })).toEqual({ took: 'container', lines: [] })
  expect(start({ ...given, runtime: 'container' })).toEqual({ took: 'container', lines: [] })
  expect(start({ ...given, runtime: 'native' })).toEqual({ took: 'native', lines: [] })
})

test('a container that does not come up: native with the reason, or the error where a container was asked for', () => {
  const given = { nativeOnly: null, engine: true, fails: true }
  const { took, lines } = start({ ...given, runtime: '' })
  expect(took).toBe('native')
  expect(lines).toEqual(['the container of x:1 did not come up, starting natively: no luck'])
  expect(start({ ...given, runtime: 'container' }).took).toBe('Error: no luck')
})

test('no engine: native with a line, or an error that names what was asked for', () => {
  const given = { nativeOnly: null, engine: false, fails: false }
  expect(start({ ...given, runtime: '' })).toEqual({
    took: 'native',
    lines: ['no container engine answers: starting it natively'],
  })
  expect(start({ ...given, runtime: 'container' }).took).toContain('MISSING_TOOL: expected a container')
})

test('what a container does not serve is native with a line, and refused where a container was asked for', () => {
  const given = { nativeOnly: 'a cluster', engine: true, fails: false }
  const { took, lines } = start({ ...given, runtime: '' })
  expect(took).toBe('native')
  expect(lines).toEqual(['x: a cluster is started natively, a container serves one plain node'])
  expect(start({ ...given, runtime: 'native' }).lines).toEqual([])
  expect(start({ ...given, runtime: 'container' }).took).toContain('got a cluster')
})
