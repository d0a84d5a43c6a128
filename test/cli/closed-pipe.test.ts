// Goal: a reader that has seen enough ends the output, not the run. Method: events as JSON into `head -1`; the result
// must be whole all the same.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
afterAll(() => home.remove())

test('stdout closed in mid-run', async () => {
  const main = join(ROOT, 'src/cli/main.ts')
  const command = `"${process.execPath}" "${main}" run test/support/short.yaml --drivers test/support/drivers/fake.yaml --json | head -1`
  const child = Bun.spawn(['sh', '-c', command], {
    cwd: ROOT,
    env: { ...process.env, BENCH_HOME: home.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  await child.exited
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'experiment' })
  expect(stderr).not.toContain('EPIPE')
  const result = await Bun.file(join(home.path, 'latest/result.json')).json()
  expect(result.partial).toBeNull()
  expect(result.sides[0].trials).toHaveLength(1)
  expect(await home.leftovers()).toEqual([])
}, 60_000)
