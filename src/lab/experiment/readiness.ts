import { AppError } from '../../errors/app-error.ts'
import { maskText } from '../../workload/secrets.ts'
import type { RemoteOutcome } from '../aws/remote-command.ts'
import { openRemoteShell, type RemoteShell } from '../aws/ssm.ts'
import { consoleEnd } from './console.ts'
import type { Life } from './life.ts'
import type { ExperimentInstance } from './record.ts'

/** One command waits this long on the instances before it says that they are not ready yet. */
const LONGEST_ROUND_S = 30
const LOG_LINES = 20
/** Instances whose logs are shown; of the others only the fault. */
const SHOWN = 3

const EXIT_FAILED = 3
const EXIT_BOOTING = 4

// `boot-state` is one line, replaced as a whole; before the boot script has begun there is none.
const scriptOf = (roundS: number) => `
for _ in $(seq ${roundS}); do
  state=$(cat /var/lib/bench/boot-state 2>/dev/null || echo 'not begun')
  case $state in
    ready*) echo "$state"; exit 0 ;;
    failed*) break ;;
  esac
  sleep 1
done
echo "$state"
tail -n ${LOG_LINES} /var/log/cloud-init-output.log 2>/dev/null
case $state in failed*) exit ${EXIT_FAILED} ;; *) exit ${EXIT_BOOTING} ;; esac
`

/**
 * Resolves when every instance has booted and says so. Throws `AppError('PREPARE')` with the faults of all that failed,
 * and the end of their logs.
 */
export async function waitUntilReady(
  instances: readonly ExperimentInstance[],
  life: Life,
  signal: AbortSignal,
): Promise<void> {
  const { context, log } = life
  const { managedMs, readyMs } = life.environment.limits
  const shell = await openRemoteShell(context)
  try {
    const ids = instances.map(({ id }) => id)
    await managed(shell, ids, managedMs, life, signal)
    log.tell(`all ${ids.length} instances answer Systems Manager`)
    const roundS = Math.ceil(Math.min(LONGEST_ROUND_S, readyMs / 1000))
    const endUs = context.clock.nowUs() + readyMs * 1000
    let open = instances
    for (;;) {
      const outcomes = await shell.run(
        {
          instanceIds: open.map(({ id }) => id),
          title: 'boot state',
          script: scriptOf(roundS),
          limitMs: (roundS + 30) * 1000,
        },
        signal,
      )
      const failed = outcomes.filter(hasFailed)
      if (failed.length > 0) throw notBooted(failed, instances, 'failed')
      const booting = outcomes.filter(({ status }) => status !== 'success')
      for (const { instanceId, stdout, status } of outcomes)
        if (status === 'success') log.tell(`${nameOf(instanceId, instances)}: ${stdout.trim()}`)
      if (booting.length === 0) return
      open = open.filter(({ id }) => booting.some(({ instanceId }) => instanceId === id))
      if (context.clock.nowUs() > endUs)
        throw notBooted(
          booting,
          instances,
          `not ready ${Math.round(readyMs / 1000)} s after the others answered`,
        )
    }
  } finally {
    shell.close()
  }
}

async function managed(
  shell: RemoteShell,
  ids: readonly string[],
  limitMs: number,
  { context }: Life,
  signal: AbortSignal,
): Promise<void> {
  try {
    await shell.waitUntilManaged(ids, limitMs, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof AppError)) throw error
    // The only thing that can be read of an instance whose agent is silent.
    const silent = ids.filter((id) => error.message.includes(id)).slice(0, SHOWN)
    const ends = await Promise.all(silent.map((id) => consoleEnd(id, LOG_LINES, context, signal)))
    const shown = silent.map((id, i) => `--- console of ${id}\n${maskText(ends[i]!)}`)
    throw new AppError(error.code, [error.message, ...shown].join('\n'), {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}

/** Not those that are still booting: these are asked again. */
function hasFailed({ status, exitCode }: RemoteOutcome): boolean {
  if (status === 'success') return false
  return !(status === 'failed' && exitCode === EXIT_BOOTING)
}

function nameOf(instanceId: string, instances: readonly ExperimentInstance[]): string {
  const name = instances.find(({ id }) => id === instanceId)?.name
  return name === undefined ? instanceId : `${name} (${instanceId})`
}

function notBooted(
  outcomes: readonly RemoteOutcome[],
  instances: readonly ExperimentInstance[],
  what: string,
): AppError {
  const parts = outcomes.map((outcome, index) => {
    const [state = '', ...rest] = outcome.stdout.trimEnd().split('\n')
    const fault = outcome.status === 'failed' ? state : `the command that asked was ${outcome.status}`
    const end = rest.length === 0 ? outcome.stderr.trimEnd() : rest.join('\n')
    const shown = index < SHOWN && end !== '' ? `\n${maskText(end)}` : ''
    return `--- ${nameOf(outcome.instanceId, instances)}: ${fault}${shown}`
  })
  const names = outcomes.map(({ instanceId }) => nameOf(instanceId, instances))
  return new AppError(
    'PREPARE',
    `expected every instance to boot, ${what}: ${names.join(', ')}\n${parts.join('\n')}`,
    {
      hint: 'docs/aws-lab.md, troubleshooting; --keep-on-failure keeps the instances, to look at with bench logs',
    },
  )
}
