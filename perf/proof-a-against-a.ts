/**
 * Question: does a broker that is compared with itself come out equal?
 *
 * One real Kafka under two labels, in interleaved trials at a rate that it holds with ease. Whatever difference is
 * claimed is false, and may stand in one of twenty such reports; that there is no relevant difference would be true.
 * `ROUNDS` (7) trials of each, `DURATION` (10s) each, at `RATE` (5000) msg/s.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { experimentVerdict } from '../src/compare/experiment-verdict.ts'
import { renderVerdict } from '../src/report/terminal.ts'
import { parseResult } from '../src/result/parse-result.ts'

const { ROUNDS = '7', DURATION = '10s', RATE = '5000' } = process.env
const root = resolve(import.meta.dir, '..')
const home = mkdtempSync(join(tmpdir(), 'bench-a-against-a-'))
try {
  const options = ['--drivers', 'first=kafka,second=kafka', '--repeat', ROUNDS, '--duration', DURATION]
  const child = Bun.spawn(
    [
      ...[process.execPath, join(root, 'src/cli/main.ts'), 'run', join(root, 'workloads/poc.yaml')],
      ...[...options, '--rate', RATE, '--quiet'],
    ],
    { env: { ...process.env, BENCH_HOME: home }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const exitCode = await child.exited
  const file = join(home, 'latest/result.json')
  const result = parseResult(await Bun.file(file).text(), file)
  const verdict = experimentVerdict(result)
  if (verdict === null) throw new Error(`expected two trials of each side and more, got ROUNDS=${ROUNDS}`)
  for (const line of renderVerdict(result, { columns: 120 })) console.log(line)
  const pairs = verdict.loads.flatMap(({ figures }) => figures.flatMap((figure) => figure.pairs))
  const falseClaims = pairs.filter(({ outcome }) => outcome === 'shown').length
  const compared = result.partial === null && pairs.length > 0
  const holds = compared && falseClaims === 0
  const finding = holds ? 'holds' : compared ? 'does NOT hold' : 'not known; is the machine quiet?'
  console.log(
    `${pairs.length} figures compared, ${falseClaims} false claims, bench ended with ${exitCode}: ${finding}`,
  )
  process.exitCode = holds ? 0 : 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
