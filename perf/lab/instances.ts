import type { RemoteShell } from '../../src/lab/aws/ssm.ts'

/** An instance as Terraform's output `instances` names it. */
export interface LabInstance {
  readonly id: string
  readonly role: string
  readonly name: string
  readonly private_ip: string
}

const MANAGED_LIMIT_MS = 300_000
const BOOT_LIMIT_S = 1_800

// Ends as soon as the boot has; its output's last line is the state.
const WATCH = `for _ in $(seq ${BOOT_LIMIT_S}); do
  state=$(cat /var/lib/bench/boot-state 2>/dev/null)
  case $state in ready*|failed*) break;; esac
  sleep 1
done
case $state in
  ready*) ;;
  *) for log in /var/log/*.log; do echo "--- $log"; tail -n 40 "$log"; done ;;
esac
echo "$state"`

/** Waits until all instances have booted; what is wrong with those that have not, by name. */
export async function waitUntilReady(
  shell: RemoteShell,
  instances: readonly LabInstance[],
  signal: AbortSignal,
): Promise<{ readonly states: ReadonlyMap<string, string>; readonly faults: readonly string[] }> {
  const instanceIds = instances.map(({ id }) => id)
  await shell.waitUntilManaged(instanceIds, MANAGED_LIMIT_MS, signal)
  const limitMs = (BOOT_LIMIT_S + 60) * 1000
  const outcomes = await shell.run({ instanceIds, title: 'boot state', script: WATCH, limitMs }, signal)
  const states = new Map<string, string>()
  const faults: string[] = []
  for (const [i, { stdout, stderr, status }] of outcomes.entries()) {
    const { name } = instances[i]!
    const state = stdout.trim().split('\n').at(-1) ?? ''
    states.set(name, state)
    if (!state.startsWith('ready after ')) faults.push(`${name} (${status}): ${stdout}${stderr}`)
  }
  return { states, faults }
}
