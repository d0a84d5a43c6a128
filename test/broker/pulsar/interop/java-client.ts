import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { forgetProcess, guardProcess } from '../../../../src/brokers/process/index.ts'
import { installedJava, type Java, runCommand } from '../../../../src/brokers/provision/index.ts'

const PROBE_LIMIT_MS = 60_000
const STDERR_LIMIT = 20_000

/** The machine's own Java 17 or newer that can compile; else, in words, what is missing. */
export async function javaWithCompiler(): Promise<Java | string> {
  const signal = AbortSignal.timeout(PROBE_LIMIT_MS)
  const java = await installedJava(signal)
  if (java === null) return 'Java 17 or newer'
  const args = ['--list-modules']
  const modules = await runCommand({ command: java.java, args, limitMs: PROBE_LIMIT_MS }, signal)
  return modules.stdout.includes('jdk.compiler') ? java : 'a JDK: the Java of this machine has no compiler'
}

/** A message as the official client got it. Bytes are hex; `place` is unique in a partition. */
export interface JavaRow {
  readonly bytes: number
  readonly sha: string
  readonly key?: string
  readonly orderingKey?: string
  readonly properties: Readonly<Record<string, string>>
  readonly publishTimeMs: number
  readonly eventTimeMs: number
  readonly sequenceId: number
  readonly producerName: string
  readonly partition: number
  readonly batchSize: number
  readonly place: string
}

/** What it is to send; see Interop.java. */
export interface JavaMessage {
  readonly file?: string
  readonly key?: string
  readonly keyBytes?: string
  readonly orderingKey?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly eventTime?: number
  readonly sequenceId?: number
}

/** The official client in a process of its own. */
export interface JavaClient {
  produce(
    request: Readonly<Record<string, unknown>> & { readonly messages: readonly JavaMessage[] },
  ): Promise<{ readonly lastSequenceId: number; readonly sent: readonly string[] }>
  consume(request: Readonly<Record<string, unknown>>): Promise<JavaRow[]>
  /** Makes the subscription, at the beginning of the topic. */
  subscribe(request: Readonly<Record<string, unknown>>): Promise<unknown>
  /** Idempotent. */
  stop(): Promise<void>
}

interface Waiter {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Compiles and starts Interop.java with the jars of the distribution in `home`. */
export function startJavaClient(java: Java, home: string, server: string): JavaClient {
  const flags = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j2.level=ERROR']
  const opened = ['--add-opens', 'java.base/jdk.internal.misc=ALL-UNNAMED']
  const program = ['-cp', join(home, 'lib', '*'), join(import.meta.dir, 'Interop.java')]
  const child = spawn(java.java, [...flags, ...opened, ...program, `pulsar://${server}`], {
    env: { ...process.env, ...java.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) guardProcess(child.pid)
  const waiters = new Map<number, Waiter>()
  let lastId = 0
  let said = ''
  let ended = false
  const exited = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      ended = true
      if (child.pid !== undefined) forgetProcess(child.pid)
      const error = new Error(`the Java client ended with status ${code}: ${said}`)
      for (const waiter of waiters.values()) waiter.reject(error)
      waiters.clear()
      resolve()
    })
  })
  child.once('error', (error) => {
    said += error.message
  })
  child.stdin.on('error', () => {})
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-STDERR_LIMIT)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as { id: number; result?: unknown; error?: string }
    const waiter = waiters.get(answer.id)
    waiters.delete(answer.id)
    if (answer.error === undefined) waiter?.resolve(answer.result)
    else waiter?.reject(new Error(`the Java client says: ${answer.error}`))
  })

  function ask<T>(op: string, request: Readonly<Record<string, unknown>>): Promise<T> {
    if (ended) return Promise.reject(new Error(`the Java client has ended: ${said}`))
    const id = ++lastId
    return new Promise<T>((resolve, reject) => {
      waiters.set(id, { resolve: resolve as (result: unknown) => void, reject })
      child.stdin.write(`${JSON.stringify({ id, op, ...request })}\n`)
    })
  }

  return {
    produce: (request) => ask('produce', request),
    consume: (request) => ask('consume', request),
    subscribe: (request) => ask('subscribe', request),
    async stop() {
      if (!ended) child.kill('SIGKILL')
      await exited
    },
  }
}
