import { z } from 'zod'
import { AppError } from '../../errors/app-error.ts'
import { MAX_PROBLEMS } from '../../workload/limits.ts'

/** File of an experiment's folder that says what became of it so far. */
export const RECORD_FILE = 'experiment.json'

/**
 * Where an experiment stands. `settingUp`, `running` and `tearingDown` have a process that drives them; `ready` waits for
 * runs; `kept` went wrong and was kept on purpose; `left` is over, but something of it is, or may be, still in the account;
 * `ended` left nothing.
 */
export const EXPERIMENT_STATES = [
  'settingUp',
  'ready',
  'running',
  'tearingDown',
  'kept',
  'left',
  'ended',
] as const

const instant = () => z.int().nonnegative()
const text = () => z.string().min(1)

const driver = z.strictObject({
  pid: z.int().positive(),
  host: text(),
  /** When the process began, as the system tells it: a later process may have the same number. */
  start: text(),
})

const step = z.strictObject({
  name: text(),
  startedMs: instant(),
  endedMs: instant().nullable(),
  outcome: z.enum(['running', 'done', 'failed', 'interrupted']),
  /** First line of the message; null when it went well. */
  error: z.string().nullable(),
})

const instance = z.strictObject({
  id: z.string().regex(/^i-[0-9a-f]+$/),
  role: text(),
  name: text(),
  instanceType: text(),
  spot: z.boolean(),
  privateIp: text(),
  publicIp: z.string().nullable(),
  launchedMs: instant(),
  /** Null while it runs, as far as we know. */
  endedMs: instant().nullable(),
  rootDiskGb: z.number().nonnegative(),
  /** 0 without a data volume. */
  dataDiskGb: z.number().nonnegative(),
})

const run = z.strictObject({
  /** Of the test plan. */
  id: text(),
  /** Name of its folder below `runs/`, and of the run on the load generator: another digest or attempt is another run. */
  folder: text(),
  /** Absent: the first. */
  attempt: z.int().min(1).optional(),
  name: text(),
  plan: text(),
  /** Of all that was asked, see `digestOf`: another one is another run. */
  digest: text(),
  startedMs: instant(),
  endedMs: instant().nullable(),
  /** Of `bench run` on the load generator; null while it runs, or when it gave none. */
  exitCode: z.int().nullable(),
  /** `done`: measured to its end, and its result is here. */
  outcome: z.enum(['running', 'done', 'failed']),
})

const record = z.strictObject({
  schemaVersion: z.literal(1),
  experimentId: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  name: text(),
  project: text(),
  /** SHA-256 of what the configuration asks for. */
  configDigest: text(),
  /** Path of the configuration's file. */
  configFile: text(),
  region: text(),
  startedMs: instant(),
  /** When anybody may end it: tag TTL. */
  expiresAtMs: instant(),
  tags: z.record(z.string(), z.string()),
  systems: z.array(text()),
  state: z.enum(EXPERIMENT_STATES),
  /** The bench that works on it now; null when none does. */
  driver: driver.nullable(),
  steps: z.array(step),
  instances: z.array(instance),
  /** Of results, logs and long outputs; null before the apply has ended. */
  bucket: z.string().nullable(),
  /** From the start of the apply until every system was ready; null until then. */
  applyToReadyMs: z.number().nonnegative().nullable(),
  runs: z.array(run),
  keepOnFailure: z.boolean(),
  /** US dollars at most; null: no limit. */
  maxCostUsd: z.number().positive().nullable(),
})

/** What is known of a cloud experiment; kept in its folder, written after each step. */
export type ExperimentRecord = z.infer<typeof record>
export type ExperimentState = ExperimentRecord['state']
export type ExperimentStep = z.infer<typeof step>
/** An instance that the experiment made; `endedMs − launchedMs` is what is paid for. */
export type ExperimentInstance = z.infer<typeof instance>
export type ExperimentRun = z.infer<typeof run>
export type ExperimentDriver = z.infer<typeof driver>

/** The text of the file, with a newline at its end. */
export function recordText(value: ExperimentRecord): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Reads the text of `file`. Throws `AppError('CONFIG')` that names the place of every fault. */
export function parseRecord(content: string, file: string): ExperimentRecord {
  let data: unknown
  try {
    data = JSON.parse(content)
  } catch (error) {
    throw unreadable(file, [`expected JSON, got ${(error as Error).message}`])
  }
  const parsed = record.safeParse(data)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`,
  )
  throw unreadable(file, faults)
}

function unreadable(file: string, faults: readonly string[]): AppError {
  const lines = faults.slice(0, MAX_PROBLEMS).map((fault) => `${file}: ${fault}`)
  return new AppError('CONFIG', lines.join('\n'), {
    hint: 'was it written by another version of bench? what is in AWS can be removed without it: bench cleanup --experiment-id ID',
  })
}
