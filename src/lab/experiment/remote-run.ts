import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { parse, stringify } from 'yaml'
import { AppError } from '../../errors/app-error.ts'
import { PRODUCT_FOLDER } from '../../workload/product-folder.ts'
import type { CloudRun } from './cloud-plan.ts'

const ASKED = '/var/lib/bench/asked'
const RUN_BENCHMARK = '/usr/local/bin/run-benchmark'
const REMOTE_PRODUCT = '/opt/bench'
const DIGEST_LENGTH = 8
/** A command holds it: AWS takes 64 KB of them. */
const MAX_PAYLOAD_BYTES = 16 * 1024

/** Name of a run on the load generator, which does no name twice: another digest, or another attempt, is another run. */
export function remoteName({ id, mark }: Pick<CloudRun, 'id' | 'mark'>, attempt: number): string {
  const name = `${id}-${mark.digest.slice(0, DIGEST_LENGTH)}`
  return attempt === 1 ? name : `${name}-${attempt}`
}

/**
 * The script that brings the workload to the load generator and runs it there. It may be sent again: a run that is done is
 * not repeated. Throws `AppError('USAGE')` for a body that a command cannot carry.
 */
export function remoteScript(run: CloudRun, name: string): string {
  const file = `${ASKED}/${name}.yaml`
  const { workload, extra } = remoteWorkload(run, name)
  const options = run.options.map(quoted).join(' ')
  return [
    'set -eu',
    `mkdir -p ${ASKED}`,
    ...extra,
    bringing(file, Buffer.from(workload)),
    `exec ${RUN_BENCHMARK} ${file} ${quoted(name)} ${options}`,
    '',
  ].join('\n')
}

/** Without sides, which options name, and figures of modules, which are computed here. */
function remoteWorkload(run: CloudRun, name: string): { workload: string; extra: string[] } {
  const { drivers: _, metrics: __, ...fields } = parse(run.plan.workloadSource) as Record<string, unknown>
  const { payload } = run.plan.workload
  const extra: string[] = []
  if (payload.kind === 'file') {
    const own = relative(PRODUCT_FOLDER, payload.path)
    if (!own.startsWith('..')) fields.payloadFile = `${REMOTE_PRODUCT}/${own}`
    else {
      const body = readFileSync(payload.path)
      if (body.length > MAX_PAYLOAD_BYTES)
        throw new AppError(
          'USAGE',
          `${payload.path}: expected a payloadFile of at most ${MAX_PAYLOAD_BYTES} bytes on a cloud experiment, got ${body.length}`,
          { hint: 'put it below workloads/ of bench before the experiment is set up' },
        )
      fields.payloadFile = `${ASKED}/${name}.payload`
      extra.push(bringing(fields.payloadFile as string, body))
    }
  }
  return { workload: stringify(fields, { lineWidth: 0 }), extra }
}

function bringing(file: string, content: Uint8Array): string {
  return `base64 -d >${file} <<'END'\n${Buffer.from(content).toString('base64')}\nEND`
}

/** One word for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
