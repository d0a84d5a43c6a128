import type { Clock } from '../clock/clock.ts'
import { DisciplinedClock } from '../clock/disciplined-clock.ts'
import type { Driver } from '../driver/driver.ts'
import { guardDriver } from '../driver/guard.ts'
import { findDriver } from '../drivers/registry.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { EngineInterval } from '../engine/types.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { Channel } from './channel.ts'
import type {
  FromWorker,
  Opened,
  RequestName,
  Requests,
  ToWorker,
  WorkerError,
  WorkerSetup,
} from './protocol.ts'

const LOG_LINES_PER_SECOND = 5
const CLOSE_LIMIT_MS = 10_000
/** Below the supervisor's own limit, so that the driver's reason is told and not its silence. */
const FIGURES_LIMIT_MS = 8_000

type Handlers = { [Name in RequestName]: (ask: Requests[Name]['ask']) => Promise<Requests[Name]['answer']> }

/** Answers a supervisor's requests with one driver and one engine, on its host's clock; `exit` ends the process. */
export function serveWorker(
  channel: Channel<ToWorker, FromWorker>,
  hostClock: Clock,
  exit: () => void,
): void {
  const lifetime = new AbortController()
  const clock = new DisciplinedClock(hostClock)
  const handlers = createHandlers(channel, hostClock, clock, lifetime.signal)
  channel.onMessage = (message) => {
    const handle = handlers[message.request] as (ask: unknown) => Promise<unknown>
    handle(message.ask).then(
      (answer) => {
        channel.send({ kind: 'answer', id: message.id, answer })
        // The answer must leave before the process does; the supervisor's disconnect ends us as well.
        if (message.request === 'close') clock.schedule(50, exit)
      },
      (error: unknown) => channel.send({ kind: 'failure', id: message.id, error: asWorkerError(error) }),
    )
  }
  channel.onClose = () => {
    lifetime.abort(new AppError('WORKER', 'the supervisor is gone'))
    exit()
  }
}

function createHandlers(
  channel: Channel<ToWorker, FromWorker>,
  hostClock: Clock,
  clock: DisciplinedClock,
  signal: AbortSignal,
): Handlers {
  let driver: Driver | undefined
  let engine: Engine | undefined
  const breaches: string[] = []
  let intervals = new AbortController()
  /** Tells intervals at these boundaries from now on, in the place of those that were told to it before. */
  const tellAt = (running: Engine, epochUs: number, boundariesUs: readonly number[]) => {
    intervals.abort()
    intervals = new AbortController()
    const ended = AbortSignal.any([signal, intervals.signal])
    const tell = (interval: EngineInterval) => channel.send({ kind: 'interval', interval })
    tellIntervals(running, clock, epochUs, boundariesUs, ended, tell).catch((error: unknown) => {
      if (!ended.aborted) log(`intervals ended early: ${messageOf(error)}`)
    })
  }
  let startedUs: number | undefined
  const log = boundedLog(clock, (line) => channel.send({ kind: 'log', line }))
  const opened = <T>(part: T | undefined): T => {
    if (part === undefined) throw new AppError('CONTRACT', 'expected `open` before any other request')
    return part
  }
  return {
    async open(setup) {
      const result = await openDriver(setup, log, breaches, signal)
      driver = result.driver
      engine = createEngine({ spec: setup.spec, driver: result.driver, clock })
      return result.opened
    },
    async createTopics({ topics }) {
      await opened(driver).createTopics(topics, signal)
      return null
    },
    async topicTerms({ topics }) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(FIGURES_LIMIT_MS)])
      return (await opened(driver).topicTerms?.(topics, limit)) ?? null
    },
    async deleteTopics({ topics }) {
      await opened(driver).deleteTopics(topics, signal)
      return null
    },
    async prepareConsumers() {
      await opened(engine).prepareConsumers(signal)
      return null
    },
    async prepareProducers() {
      await opened(engine).prepareProducers(signal)
      return null
    },
    async clock() {
      return { nowUs: hostClock.nowUs() }
    },
    async followClock(line) {
      clock.follow(line)
      return null
    },
    async start({ epochUs, boundariesUs }) {
      const running = opened(engine)
      running.start(epochUs)
      startedUs = epochUs
      tellAt(running, epochUs, boundariesUs)
      return null
    },
    async retime({ warmupUs, measureUs, boundariesUs }) {
      const running = opened(engine)
      running.retime(warmupUs, measureUs)
      tellAt(running, opened(startedUs), boundariesUs)
      return null
    },
    async stopSending() {
      const running = opened(engine)
      running.stopSending()
      // The second that was cut is told up to the cut, so that rates are counts by the time they took.
      const interval = running.takeInterval()
      if (interval.endUs > interval.startUs) channel.send({ kind: 'interval', interval })
      return null
    },
    async pauseConsumers() {
      opened(engine).pauseConsumers()
      return null
    },
    async resumeConsumers() {
      opened(engine).resumeConsumers()
      return null
    },
    async progress() {
      const { sent, settled, acknowledged, unknown, distinctReceived } = opened(engine).progress()
      const sendingDone = opened(engine).sendingDone()
      return { sent, settled, acknowledged, unknown, distinctReceived, sendingDone }
    },
    async finish({ endUs }) {
      const report = await opened(engine).finish(signal, endUs)
      return { ...report, contractBreaches: [...report.contractBreaches, ...breaches] }
    },
    async topicFigures({ topics }) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(FIGURES_LIMIT_MS)])
      return (await opened(driver).topicFigures?.(topics, limit)) ?? null
    },
    async close() {
      await driver?.close(AbortSignal.any([signal, AbortSignal.timeout(CLOSE_LIMIT_MS)]))
      return null
    },
  }
}

async function openDriver(
  setup: WorkerSetup,
  log: (line: string) => void,
  breaches: string[],
  signal: AbortSignal,
): Promise<{ driver: Driver; opened: Opened }> {
  const driverModule = await findDriver(setup.driver).load()
  const driver = guardDriver(
    driverModule.create({
      config: setup.config,
      servers: setup.servers,
      namePrefix: setup.namePrefix,
      log,
    }),
    (sentence) => breaches.push(sentence),
  )
  const server = await driver.open(signal)
  return { driver, opened: { server, capabilities: driver.capabilities } }
}

/** Takes an interval at every boundary, never before it; a late tick makes one longer interval. */
async function tellIntervals(
  engine: Engine,
  clock: Clock,
  epochUs: number,
  boundariesUs: readonly number[],
  signal: AbortSignal,
  tell: (interval: EngineInterval) => void,
): Promise<void> {
  let reachedUs = clock.nowUs() - epochUs
  for (const boundaryUs of boundariesUs) {
    if (boundaryUs <= reachedUs) continue
    await clock.sleep((epochUs + boundaryUs - clock.nowUs()) / 1000, signal)
    reachedUs = clock.nowUs() - epochUs
    tell(engine.takeInterval())
  }
}

/** Passes at most a few lines a second on, and says how many were held back. */
function boundedLog(clock: Clock, write: (line: string) => void): (line: string) => void {
  let windowStartUs = 0
  let linesInWindow = 0
  let heldBack = 0
  return (line) => {
    const nowUs = clock.nowUs()
    if (nowUs - windowStartUs > 1e6) {
      if (heldBack > 0) write(`(${heldBack} more lines held back)`)
      windowStartUs = nowUs
      linesInWindow = 0
      heldBack = 0
    }
    if (linesInWindow++ < LOG_LINES_PER_SECOND) write(line)
    else heldBack++
  }
}

function asWorkerError(error: unknown): WorkerError {
  if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint ?? null }
  return { code: 'UNEXPECTED', message: messageOf(error), hint: null }
}
