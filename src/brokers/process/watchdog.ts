import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { identify, type ProcessIdentity } from './identity.ts'

// Reads "add PID START" and "remove PID START" lines (for a container: engine and name). The end of input means that
// bench is gone, however it went: what is still registered is killed, with its group where it leads one, if it is
// still the same process; containers are removed by name, which is random.
const SCRIPT = `
trap '' INT HUP TERM QUIT
start_of() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat < "/proc/$1/stat" || return 1
    stat=\${stat##*) }
    set -f; set -- $stat; set +f
    shift 19
    echo "$1"
  else
    LC_ALL=C ps -o lstart= -p "$1" | tr -s ' ' '_' | sed 's/^_//; s/_$//'
  fi
}
registered=
while read -r verb pid start; do
  case $verb in
    add) registered="$registered $pid:$start" ;;
    remove)
      kept=
      for entry in $registered; do [ "$entry" = "$pid:$start" ] || kept="$kept $entry"; done
      registered=$kept ;;
  esac
done
for entry in $registered; do
  pid=\${entry%%:*}
  case $pid in docker|podman) "$pid" rm -f -v "\${entry#*:}" >/dev/null 2>&1; continue ;; esac
  [ "$(start_of "$pid" 2>/dev/null)" = "\${entry#*:}" ] || continue
  kill -KILL "-$pid" 2>/dev/null
  kill -KILL "$pid" 2>/dev/null
done
`

/** Names a file to which every guarded process is written as `PID START`, for a test run that looks for leftovers. */
export const LEDGER_VARIABLE = 'BENCH_PROCESS_LEDGER'

let watchdog: ChildProcess | null = null
const guarded = new Map<number, ProcessIdentity>()
const containers = new Set<string>()

/**
 * Makes sure that a process (and the group it leads) does not outlive bench, even when bench is killed by SIGKILL.
 * `forget` it when it has ended or shall live on.
 */
export function guardProcess(pid: number): ProcessIdentity | null {
  const identity = identify(pid)
  if (identity === null) return null
  guarded.set(pid, identity)
  tell('add', identity)
  const ledger = process.env[LEDGER_VARIABLE]
  if (ledger) appendFileSync(ledger, `${identity.pid} ${identity.start}\n`)
  return identity
}

/** Ends the guard over a process: it may outlive bench from now on. */
export function forgetProcess(pid: number): void {
  const identity = guarded.get(pid)
  if (identity === undefined) return
  guarded.delete(pid)
  tell('remove', identity)
}

/** What is guarded now: `processes` by identity, `containers` as `ENGINE NAME`. */
export interface Guarded {
  readonly processes: readonly ProcessIdentity[]
  readonly containers: readonly string[]
}

/** What is guarded at this moment. */
export function guardedNow(): Guarded {
  return { processes: [...guarded.values()], containers: [...containers] }
}

/**
 * Ends the guard over everything, for brokers that shall stay up when the command ends. Resolves when the watchdog
 * will see it, even if bench ends at once.
 */
export async function releaseAll(): Promise<void> {
  for (const pid of [...guarded.keys()]) forgetProcess(pid)
  for (const line of containers) write(`remove ${line}\n`)
  containers.clear()
  await new Promise<void>((resolve) => {
    if (watchdog?.stdin?.writable) watchdog.stdin.write('\n', () => resolve())
    else resolve()
  })
}

/** As `guardProcess`, for a container: `name` must be unique to it. */
export function guardContainer(engine: 'docker' | 'podman', name: string): void {
  containers.add(`${engine} ${name}`)
  write(`add ${engine} ${name}\n`)
}

/** As `forgetProcess`, for a container. */
export function forgetContainer(engine: 'docker' | 'podman', name: string): void {
  if (containers.delete(`${engine} ${name}`)) write(`remove ${engine} ${name}\n`)
}

function tell(verb: 'add' | 'remove', identity: ProcessIdentity): void {
  write(`${verb} ${identity.pid} ${identity.start}\n`)
}

function write(line: string): void {
  watchdog ??= start()
  watchdog.stdin?.write(line)
}

function start(): ChildProcess {
  // A session of its own: a Ctrl-C in the terminal must not end it before bench.
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // It must neither keep bench running nor fail it.
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  ;(child.stdin as unknown as { unref?: () => void }).unref?.()
  return child
}
