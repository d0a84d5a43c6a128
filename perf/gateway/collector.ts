import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory } from '../../src/brokers/provision/cache.ts'

const MANIFEST = join(import.meta.dir, 'manifest.yaml')
const BUILDER = 'go.opentelemetry.io/collector/cmd/builder@v0.155.0'

/** The collector that is there already: what `OTELCOL` names, else the one in the cache; null when there is none. */
export function presentCollector(): string | null {
  const given = process.env.OTELCOL
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`expected OTELCOL to name a program, there is no ${given}`)
    return given
  }
  const program = cachedProgram()
  return existsSync(program) ? program : null
}

function cachedProgram(): string {
  const version = Bun.hash(readFileSync(MANIFEST, 'utf8')).toString(16)
  return join(cacheDirectory(), `otelcol-bench-${version}`, 'otelcol-bench')
}

/**
 * The collector to compare with: what `OTELCOL` names, else one built from manifest.yaml with Go into the cache (once;
 * some minutes).
 */
export async function collectorProgram(): Promise<string> {
  const present = presentCollector()
  if (present !== null) return present
  if (Bun.which('go') === null)
    throw new Error('expected OTELCOL to name a collector, or Go on the PATH to build one: neither is there')
  const program = cachedProgram()
  const manifest = readFileSync(MANIFEST, 'utf8')
  console.error(`building the OpenTelemetry Collector into ${dirname(program)} (once, some minutes)`)
  mkdirSync(cacheDirectory(), { recursive: true })
  const work = mkdtempSync(join(cacheDirectory(), 'otelcol-build-'))
  try {
    const file = join(work, 'manifest.yaml')
    writeFileSync(file, manifest.replace('dist:\n', `dist:\n  output_path: ${join(work, 'out')}\n`))
    const child = Bun.spawn(['go', 'run', BUILDER, '--config', file], { cwd: work, stdio: ['ignore', 2, 2] })
    if ((await child.exited) !== 0)
      throw new Error('the OpenTelemetry Collector could not be built (see above)')
    mkdirSync(dirname(program), { recursive: true })
    renameSync(join(work, 'out', 'otelcol-bench'), program)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return program
}
