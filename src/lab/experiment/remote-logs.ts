import { maskText } from '../../workload/secrets.ts'
import type { LabContext } from '../aws/settings.ts'
import { openRemoteShell } from '../aws/ssm.ts'
import type { ExperimentInstance } from './record.ts'

const LIMIT_MS = 60_000

/** The end of an instance's logs. */
export interface RemoteLog {
  readonly id: string
  readonly name: string
  readonly role: string
  /** Secrets masked. */
  readonly text: string
  /** Why it is not to be had; null when it is. */
  readonly fault: string | null
}

export interface RemoteLogOptions {
  /** Of each log. */
  readonly lines: number
  /** For logs that are longer than Systems Manager gives back. */
  readonly bucket: string | null
}

/** Reads the boot log, the journal of the role's service, and the logs of runs, of each instance. */
export async function remoteLogs(
  instances: readonly ExperimentInstance[],
  { lines, bucket }: RemoteLogOptions,
  context: LabContext,
  signal: AbortSignal,
): Promise<RemoteLog[]> {
  const shell = await openRemoteShell(context)
  try {
    const logs: RemoteLog[] = []
    // A role a command: each looks for its own service.
    for (const [role, own] of Map.groupBy(instances, (each) => each.role)) {
      const outcomes = await shell.run(
        {
          instanceIds: own.map(({ id }) => id),
          title: `logs of ${role}`,
          script: scriptOf(role, lines),
          limitMs: LIMIT_MS,
          ...(bucket !== null && { output: { bucket, prefix: 'commands' } }),
        },
        signal,
      )
      for (const [index, { status, stdout, isCut }] of outcomes.entries()) {
        const { id, name } = own[index]!
        const fault = status === 'success' ? (isCut ? 'only a part: ask for fewer --lines' : null) : status
        logs.push({ id, name, role, text: maskText(stdout.trimEnd()), fault })
      }
    }
    return logs
  } finally {
    shell.close()
  }
}

function scriptOf(tag: string, lines: number): string {
  // A tag may hold anything; a service of ours is a plain word.
  const role = /^[a-z][a-z0-9-]*$/.test(tag) ? tag : 'unknown'
  return `
show() { echo "--- $1"; shift; "$@" 2>&1 || true; }
show 'boot state' cat /var/lib/bench/boot-state
if [ -e /var/lib/bench/interrupted ]; then show 'spot interruption' cat /var/lib/bench/interrupted; fi
show 'boot log' tail -n ${lines} /var/log/cloud-init-output.log
if command -v journalctl >/dev/null && systemctl cat '${role}.service' >/dev/null 2>&1; then
  show 'journal of ${role}' journalctl --no-pager --unit '${role}' --lines ${lines}
fi
for log in /var/lib/bench/runs/*/bench.log; do
  if [ -f "$log" ]; then show "$log" tail -n ${lines} "$log"; fi
done
exit 0
`
}
