import { readFileSync } from 'node:fs'
import { AppError } from '../errors/app-error.ts'
import type { CustomFigure, ExperimentResult, SideResult } from '../result/result.ts'
import { METRICS_LIMITS } from './limits.ts'
import {
  type FigureHead,
  type FigureValues,
  type MetricsAsk,
  type ModuleProblem,
  metricsAnswerSchema,
} from './protocol.ts'

const MAIN = new URL('./main.ts', import.meta.url).pathname
/** Runs the rest of the command in its own place, with bounded CPU time. */
const LIMITED = ['sh', '-c', `ulimit -t ${METRICS_LIMITS.cpuS}; exec "$@"`, 'sh']
const MEMORY_POLL_MS = 100

/** What the process may take; the tests have smaller ones. */
type AskLimits = Readonly<Record<'loadMs' | 'computeMs' | 'memoryBytes', number>>

/** What the process told before it ended, or was ended. */
interface Told {
  readonly heads: readonly FigureHead[]
  readonly values: ReadonlyMap<number, readonly FigureValues[]>
  /** Why there is no more than this; null when all is told. */
  readonly problem: ModuleProblem | null
}

/** A module that was found, and how to speak of it. */
export interface MetricsModule {
  /** Absolute path. */
  readonly file: string
  /** The path for results and messages. */
  readonly shown: string
}

/**
 * Loads the module in a process of its own and looks at what it exports, so that what is wrong with it is known before
 * anything runs. Throws `AppError('CONFIG')` with the place in the module.
 */
export async function checkMetrics(
  { file, shown }: MetricsModule,
  signal: AbortSignal,
  limits: Partial<AskLimits> = {},
): Promise<void> {
  signal.throwIfAborted()
  const { problem } = await ask({ file, result: null }, { ...METRICS_LIMITS, ...limits }, signal)
  signal.throwIfAborted()
  if (problem !== null)
    throw new AppError('CONFIG', problemText(problem, shown), {
      hint: 'what such a module exports stands in docs/custom-figures.md',
    })
}

/**
 * The result with the figures of the module beside its trials. Never throws: whatever the module does (throws, never
 * ends, eats memory, ends the process) becomes a sentence in the result, and harms nothing else in it.
 */
export async function withCustomFigures(
  result: ExperimentResult,
  { file, shown }: MetricsModule,
  limits: Partial<AskLimits> = {},
): Promise<ExperimentResult> {
  const { heads, values, problem } = await ask({ file, result }, { ...METRICS_LIMITS, ...limits }, null)
  const why = problem === null ? null : problemText(problem, shown)
  const reasonFor = reasons(heads, values, why ?? 'no answer')
  const sides = result.sides.map((side, place): SideResult => {
    const figures = heads.map((head, index) =>
      figureOf(head, values.get(index)?.[place], side, reasonFor(index)),
    )
    return figures.length === 0 ? side : { ...side, customFigures: figures }
  })
  return { ...result, sides, customFigures: { module: shown, error: heads.length === 0 ? why : null } }
}

function figureOf(
  head: FigureHead,
  values: FigureValues | undefined,
  { trials }: SideResult,
  reason: string,
): CustomFigure {
  if (values !== undefined && values.values.length === trials.length) return { ...head, ...values }
  return { ...head, values: trials.map(() => null), errors: [reason] }
}

/** Figures are computed in their order: the first one that is missing is the one that went wrong. */
function reasons(heads: Told['heads'], values: Told['values'], why: string): (index: number) => string {
  const first = heads.findIndex((_, index) => !values.has(index))
  return (index) =>
    index <= first ? `not computed: ${why}` : `not computed, since ${heads[first]?.name} before it was not`
}

function problemText({ what, place }: ModuleProblem, shown: string): string {
  return place === null ? `${shown}: ${what}` : `${place.file}:${place.line}:${place.column}: ${what}`
}

/** Asks a process of its own; ends it when it has answered, or at the limit. Never throws. */
function ask(question: MetricsAsk, limits: AskLimits, signal: AbortSignal | null): Promise<Told> {
  return new Promise((resolve) => {
    let heads: readonly FigureHead[] = []
    const values = new Map<number, readonly FigureValues[]>()
    let settled = false
    const child = Bun.spawn([...LIMITED, process.execPath, '--no-install', '--no-env-file', MAIN], {
      // What the module prints is talk: our stdout is data.
      stdio: ['ignore', 2, 'inherit'],
      serialization: 'advanced',
      ipc: (message: unknown) => {
        const { data: answer } = metricsAnswerSchema.safeParse(message)
        if (answer === undefined) return
        if (answer.kind === 'figures') {
          heads = answer.figures
          waitAtMost(limits.computeMs)
        } else if (answer.kind === 'values') values.set(answer.index, answer.sides)
        else if (answer.kind === 'problem') end(answer.problem)
        else if (answer.kind === 'done') end(null)
      },
      onExit: (_child, code, how) => end(unplaced(`it ended its process (${how ?? `exit code ${code}`})`)),
    })
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    const end = (problem: ModuleProblem | null) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      clearInterval(memory)
      signal?.removeEventListener('abort', onAbort)
      process.off('exit', kill)
      kill()
      child.exited.then(() => resolve({ heads, values, problem }))
    }
    let timer: NodeJS.Timeout | undefined
    const waitAtMost = (limitMs: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => end(unplaced(`no answer within ${limitMs / 1000} s`)), limitMs)
    }
    waitAtMost(limits.loadMs)
    const memory = setInterval(() => {
      if (residentBytes(child.pid) > limits.memoryBytes)
        end(unplaced(`more than ${limits.memoryBytes / 1024 ** 2} MiB of memory`))
    }, MEMORY_POLL_MS)
    const onAbort = () => end(unplaced('interrupted'))
    signal?.addEventListener('abort', onAbort)
    child.send(question)
  })
}

function unplaced(got: string): ModuleProblem {
  return { what: `expected its figures, got: ${got}`, place: null }
}

const PAGE_BYTES = 4096

/** 0 where the system does not tell. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}
