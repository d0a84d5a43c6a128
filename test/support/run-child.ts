import { type ChildProcess, spawn } from 'node:child_process'
import { failureExcerpts } from './failure-excerpts.ts'

/** How a child of the test run ended. */
export interface ChildResult {
  /** Exit status; −1 when it took too long or could not be started. */
  readonly code: number
  readonly durationS: number
  /** Lines that begin with `SKIPPED:`: what a test says about what it could not try. */
  readonly skipReasons: readonly string[]
  /** What it said about its failures; empty when it succeeded. */
  readonly excerpts: readonly string[]
}

/** `live`: as it comes. `whole`: when the child has ended, so that two children do not talk at once. */
export type Show = 'live' | 'whole' | 'never'

export interface ChildOptions {
  /** Stands above the output. */
  readonly title: string
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly limitMs: number
  readonly show: Show
}

const SKIP_REASON = /^\s*SKIPPED: (.+)$/gm
/** What is kept of a child's output, to be shown at the end and searched for reasons. */
const KEPT_CHARACTERS = 8 * 1024 * 1024
/** Time for the last output to come through the pipes. */
const PIPE_REST_MS = 50
/** Time that children have to end when the run itself is told to. */
const END_LIMIT_MS = 5000

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
}

const running = new Set<Running>()
let ending = false

/** Runs a command and kills it after `limitMs`. Never rejects. */
export function runChild(command: readonly string[], options: ChildOptions): Promise<ChildResult> {
  // The next of its lane: it will not be.
  if (ending) return new Promise(() => {})
  const { title, cwd, env, limitMs, show } = options
  const startMs = performance.now()
  const live = show === 'live'
  if (live) process.stdout.write(`\n=== ${title}\n`)
  // A group of its own, so that what a test started ends with it when it has to be ended.
  const child = spawn(command[0]!, command.slice(1), {
    ...{ cwd, env, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const take = (chunk: string) => {
    if (live) process.stdout.write(chunk)
    if (text.length < KEPT_CHARACTERS) text += chunk
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const ended = new Promise<ChildResult>((resolve) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      take(`\n!! no end after ${limitMs / 1000} s: killed\n`)
      signalGroup(child, 'SIGKILL')
    }, limitMs)
    const finish = (code: number) => {
      clearTimeout(timer)
      running.delete(entry)
      // A grandchild that outlives the child may hold the pipes.
      child.stdout.destroy()
      child.stderr.destroy()
      if (show === 'whole') console.log(`\n=== ${title}\n${text.trimEnd()}`)
      const skipReasons = [...text.matchAll(SKIP_REASON)].map((match) => match[1]!.trimEnd())
      const excerpts = code === 0 ? [] : failureExcerpts(text)
      resolve({ code, durationS: (performance.now() - startMs) / 1000, skipReasons, excerpts })
    }
    child.on('error', (error) => {
      take(`${error.message}\n`)
      finish(-1)
    })
    child.on('exit', (code) => setTimeout(() => finish(late ? -1 : (code ?? -1)), PIPE_REST_MS))
  })
  const entry: Running = { child, ended }
  running.add(entry)
  return ended
}

/** Ends the children that run, when the run itself is told to end; resolves when they are gone. None is started after. */
export async function endChildren(signal: NodeJS.Signals): Promise<void> {
  ending = true
  const all = [...running]
  const toAll = (each: NodeJS.Signals) => {
    for (const { child } of all) signalGroup(child, each)
  }
  toAll(signal)
  const timer = setTimeout(() => toAll('SIGKILL'), END_LIMIT_MS)
  await Promise.all(all.map(({ ended }) => ended))
  clearTimeout(timer)
  // What they had started, and did not care.
  toAll('SIGKILL')
}

/** Signals a child and all of its group; fine when nobody is left. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // All gone.
  }
}
