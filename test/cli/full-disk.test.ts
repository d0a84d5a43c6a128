// Goal: a disk that fills up in mid-experiment costs neither the sides that were written nor the sight of the others.
// Method: a home on a file system of 100 KB in memory; skipped, loudly, where mounting is not allowed.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const disk = join(home.path, 'disk')
mkdirSync(disk)
const mounted =
  process.platform === 'linux' &&
  Bun.which('mount') !== null &&
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=100k', 'bench-full', disk]).success
if (!mounted)
  console.warn(
    'SKIPPED: a disk full in mid-run is not tried, because a small file system cannot be mounted here',
  )

afterAll(() => {
  if (mounted) Bun.spawnSync(['umount', disk])
  home.remove()
})

test.skipIf(!mounted)(
  'the first side stays, the verdicts of all are printed, and the error tells the room',
  async () => {
    const fake = join(ROOT, 'test/support/drivers/fake.yaml')
    const workload = join(ROOT, 'test/support/short.yaml')
    const sides = `a=${fake},b=${fake},c=${fake}`
    const { exitCode, stdout, stderr } = await home.run(
      ['run', workload, '--duration', '2s', '--drivers', sides],
      { env: { BENCH_HOME: disk } },
    )
    expect(exitCode).toBe(1)
    for (const label of ['a', 'b', 'c'])
      expect(stdout).toMatch(new RegExp(`^${label} \\(.* · intact\\)`, 'm'))
    expect(stderr).toMatch(/error: could not write .*result\.json: .*ENOSPC.*; \d+ MB free/)
    const result: ExperimentResult = await Bun.file(join(disk, 'latest/result.json')).json()
    expect(result.sides.length).toBeGreaterThanOrEqual(1)
    expect(result.sides[0]!.trials).toHaveLength(1)
    expect(result.partial).toContain('has not ended')
  },
  120_000,
)
