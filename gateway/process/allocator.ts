/** Name of the allocator's variable: how long freed memory stays before it is given back to the system, in ms. */
const PURGE_DELAY = 'MIMALLOC_PURGE_DELAY'
/** What the runtime takes the machine's memory to be, in bytes: it lets garbage grow in proportion. */
const ASSUMED_MEMORY = 'BUN_JSC_forceRAMSize'

/**
 * Bodies are short-lived and large, so the allocator's own delay of 10 ms gives their pages back between two collections
 * of garbage, and has them faulted in again at once: a fifth of all CPU time. After ten idle seconds they still go back.
 * The assumed memory bounds the garbage that remains, most of it from gRPC: bodies themselves are freed (`freeBytes`).
 */
export const ALLOCATOR_ENVIRONMENT: Readonly<Record<string, string>> = {
  [PURGE_DELAY]: process.env[PURGE_DELAY] ?? '10000',
  [ASSUMED_MEMORY]: process.env[ASSUMED_MEMORY] ?? '536870912',
}

/**
 * Starts this program anew in the same process, since the allocator reads its settings before any code of ours runs.
 * Does nothing the second time, or where the system cannot. Only for entry points.
 */
export function restartWithAllocator(): void {
  const isSet = Object.keys(ALLOCATOR_ENVIRONMENT).every((name) => process.env[name] !== undefined)
  if (isSet || process.execve === undefined) return
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...process.env, ...ALLOCATOR_ENVIRONMENT })
}
