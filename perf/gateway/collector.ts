import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../../src/brokers/provision/cache.ts'

const MANIFEST = join(import.meta.dir, 'manifest.yaml')
const BUILDER = 'go.opentelemetry.io/collector/cmd/builder@v0.155.0'

/**
 * The collector to compare with: what `OTELCOL` names, else one built from manifest.yaml with Go into the cache (once;
 * some minutes).
 */
export async function collectorProgram(): Promise<string> {
  const given = process.env.OTELCOL
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`expected OTELCOL to name a program, there is no ${given}`)
    return given
  }
  const manifest = readFileSync(MANIFEST, 'utf8')
  const folder = join(cacheDirectory(), `otelcol-bench-${Bun.hash(manifest).toString(16)}`)
  const program = join(folder, 'otelcol-bench')
  if (existsSync(program)) return program
  if (Bun.which('go') === null)
    throw new Error('expected OTELCOL to name a collector, or Go on the PATH to build one: neither is there')
  console.error(`building the OpenTelemetry Collector into ${folder} (once, some minutes)`)
  mkdirSync(cacheDirectory(), { recursive: true })
  const work = mkdtempSync(join(cacheDirectory(), 'otelcol-build-'))
  try {
    const file = join(work, 'manifest.yaml')
    writeFileSync(file, manifest.replace('dist:\n', `dist:\n  output_path: ${join(work, 'out')}\n`))
    const child = Bun.spawn(['go', 'run', BUILDER, '--config', file], { cwd: work, stdio: ['ignore', 2, 2] })
    if ((await child.exited) !== 0)
      throw new Error('the OpenTelemetry Collector could not be built (see above)')
    mkdirSync(folder, { recursive: true })
    renameSync(join(work, 'out', 'otelcol-bench'), program)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return program
}
