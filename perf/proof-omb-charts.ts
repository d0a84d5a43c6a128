/**
 * Question: does the OpenMessaging Benchmark's own chart script draw our OMB results?
 *
 * `OMB_HOME` names a copy of its repository. A report with several sides and trials is written, one of them cut short
 * before it measured anything, and `bin/create_charts.py` is run on all of its OMB files (pygal is brought from PyPI, once).
 * Each of its ten charts must be there, with the name of every side.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cacheEntry, mustRun } from '../src/brokers/provision/index.ts'
import { writeReport } from '../src/report/write-report.ts'
import { sampleResult, sampleSide, sampleTrial } from '../test/result/sample-result.ts'

const PYGAL = 'pygal==3.0.5'
const LIMIT_MS = 240_000
const CHARTS = [
  'Publish latency 99pct',
  'Publish Delay latency 99pct',
  'Publish rate',
  'Publish Error rate',
  'End To End Latency 95pct',
  'Consume rate',
  'End To End Latency Avg',
  'Publish Latency Quantiles',
  'Publish Delay Latency Quantiles',
  'End To End Latency Quantiles',
]

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const hint = 'python3 with venv and pip, and a package index, are needed'
  const options = { command, args, cwd, limitMs: LIMIT_MS, what: 'charts of OMB', hint }
  return (await mustRun(options, AbortSignal.timeout(LIMIT_MS))).stdout
}

async function pythonWithPygal(): Promise<string> {
  const home = await cacheEntry(
    `python-${PYGAL.replace('==', '-')}`,
    async (temporary) => {
      await run('python3', ['-m', 'venv', temporary], temporary)
      await run(join(temporary, 'bin/python'), ['-m', 'pip', 'install', '--quiet', PYGAL], temporary)
    },
    AbortSignal.timeout(LIMIT_MS),
  )
  return join(home, 'bin/python')
}

/** Complaints; none when all is well. */
async function prove(script: string, directory: string): Promise<readonly string[]> {
  const trials = [1, 2].map((seed) => sampleTrial({ seed, warmupS: 4, measureS: 25 }))
  const cutShort = sampleTrial(
    { measureS: 1, acknowledgedShare: 0 },
    { intervals: [], interrupted: 'Ctrl-C' },
  )
  const { rawData } = await writeReport(
    sampleResult({
      sides: [
        sampleSide('first', { trials }),
        sampleSide('second', { trials: [sampleTrial({ seed: 3, acknowledgedShare: 0.9, censored: 100 })] }),
        sampleSide('third', { trials: [cutShort] }),
      ],
    }),
    directory,
  )
  const files = (await readdir(rawData)).filter((name) => name.endsWith('.omb.json'))
  const python = await pythonWithPygal()
  console.log(`${files.length} result files: ${files.join(', ')}`)
  console.log((await run(python, [script, ...files], rawData)).trim())
  const complaints: string[] = []
  for (const chart of CHARTS) {
    const path = join(rawData, `sample - ${chart}.svg`)
    const svg = existsSync(path) ? await readFile(path, 'utf8') : ''
    const lacking = ['first', 'second', 'third'].filter((side) => !svg.includes(side))
    if (svg === '') complaints.push(`${chart}: not drawn`)
    else if (lacking.length > 0) complaints.push(`${chart}: without ${lacking.join(', ')}`)
  }
  return complaints
}

async function main(): Promise<number> {
  const given = process.env.OMB_HOME
  if (given === undefined || given === '') {
    console.error('expected OMB_HOME to name a copy of the OpenMessaging Benchmark repository, got nothing')
    return 2
  }
  const directory = await mkdtemp(join(tmpdir(), 'bench-omb-charts-'))
  try {
    const complaints = await prove(resolve(given, 'bin/create_charts.py'), directory)
    for (const complaint of complaints) console.log(complaint)
    console.log(complaints.length === 0 ? `${CHARTS.length} charts drawn: holds` : 'does NOT hold')
    return complaints.length === 0 ? 0 : 1
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

process.exitCode = await main()
