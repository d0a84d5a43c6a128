import { join } from 'node:path'
import { cacheEntry } from '../../src/brokers/provision/cache.ts'
import { messageOf } from '../../src/errors/app-error.ts'

const VERSION = '0.23.1'
const PARSE_LIMIT_MS = 30_000

/** A Python with Prometheus' client library, kept in the cache; or what is missing for it. */
export async function pythonWithPrometheus(
  signal: AbortSignal,
): Promise<{ readonly python: string } | { readonly missing: string }> {
  const python3 = Bun.which('python3')
  if (python3 === null) return { missing: 'python3 is not on the PATH' }
  try {
    const home = await cacheEntry(
      `python-prometheus-${VERSION}`,
      async (temporary) => {
        await output([python3, '-m', 'venv', temporary], '', signal)
        const pip = [join(temporary, 'bin/python'), '-m', 'pip', 'install', '--quiet']
        await output([...pip, `prometheus_client==${VERSION}`], '', signal)
      },
      signal,
    )
    return { python: join(home, 'bin/python') }
  } catch (error) {
    return { missing: `python3 with venv and pip, and the package index: ${messageOf(error)}` }
  }
}

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const SCRIPT = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode("utf-8")
samples = [
    {"name": sample.name, "labels": sample.labels, "value": sample.value}
    for family in text_string_to_metric_families(text)
    for sample in family.samples
]
print(json.dumps(samples))
`

/** All samples of an OpenMetrics text, as Prometheus' strict parser reads them. Throws what it complains about. */
export async function parseByPrometheus(python: string, text: string): Promise<readonly ParsedSample[]> {
  return JSON.parse(await output([python, '-c', SCRIPT], text, AbortSignal.timeout(PARSE_LIMIT_MS)))
}

async function output(command: readonly string[], input: string, signal: AbortSignal): Promise<string> {
  const child = Bun.spawn([...command], { stdin: new Blob([input]), stdout: 'pipe', stderr: 'pipe', signal })
  const [out, log] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) throw new Error(log.trim().slice(-500))
  return out
}
