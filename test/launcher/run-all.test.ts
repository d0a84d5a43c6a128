// Goal: the test run counts what really happened: failures outside of tests, skips with reasons, files that never end.
// Method: the real reporter of Bun over small test files; the runner's own parts.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify } from '../../src/brokers/process/identity.ts'
import { parseJunit } from '../support/junit.ts'
import { pollUntil } from '../support/poll.ts'
import { runChild } from '../support/run-child.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-run-all-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(body: string, limitMs = 60_000) {
  const file = join(folder, 'some.test.ts')
  const report = join(folder, 'report.xml')
  rmSync(report, { force: true })
  await Bun.write(file, `import { describe, expect, test } from 'bun:test'\n${body}`)
  const command = [process.execPath, 'test', '--reporter=junit', `--reporter-outfile=${report}`, file]
  const result = await runChild(command, {
    ...{ title: file, cwd: folder, env: process.env },
    ...{ limitMs, show: 'never' as const },
  })
  const text = await Bun.file(report)
    .text()
    .catch(() => '')
  return { ...result, ...parseJunit(text) }
}

test('passed, failed and skipped are told apart, with their names', async () => {
  const counts = await run(`describe('group', () => {
    test('good <1> & "2"', () => {})
    test('bad', () => expect('</testcase>').toBe('x'))
    test.skip('left out', () => {})
    test.todo('later')
    test.skipIf(true)('no broker', () => {})
  })`)
  expect(counts).toMatchObject({ code: 1, passed: 1, failed: 1, failures: ['group > bad'] })
  expect(counts.skipped).toEqual(['group > left out', 'group > later', 'group > no broker'])
})

test('reasons for a skip are found in the output', async () => {
  const { skipReasons } = await run(`console.log('SKIPPED: no engine answers'); test('x', () => {})`)
  expect(skipReasons).toEqual(['no engine answers'])
})

test('what was said about a failure is kept for the end of the run, what was said before is not', async () => {
  const { excerpts } = await run(`
    test('good', () => console.log('of no interest'))
    test('bad', () => expect('this').toBe('that'))
    test('worse', () => { throw new Error('boom') })`)
  expect(excerpts.length).toBe(2)
  expect(excerpts[0]).toContain('Expected: "that"')
  expect(excerpts[1]).toContain('boom')
  expect(excerpts[1]).not.toContain('Expected')
  expect((await run(`throw new Error('outside')`)).excerpts.join()).toContain('outside')
  expect((await run(`test('good', () => {})`)).excerpts).toEqual([])
})

test('a failure outside of tests shows in the status', async () => {
  expect(await run(`throw new Error('boom')`)).toMatchObject({ code: 1, failed: 0 })
})

test('a file that never ends is killed, with what it had started', async () => {
  const pidFile = join(folder, 'pid')
  const start = `const { pid } = Bun.spawn(['sleep', '600']); await Bun.write(${JSON.stringify(pidFile)}, String(pid))`
  const result = await run(`${start}\ntest('x', () => { while (true) {} }, 1e9)`, 2500)
  expect(result.code).toBe(-1)
  const pid = Number(await Bun.file(pidFile).text())
  expect(pid).toBeGreaterThan(1)
  await pollUntil('its child to be gone', 5000, () => identify(pid) === null)
})
