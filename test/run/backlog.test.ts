// Goal: a backlog is built, drained and told for what it was; every wait ends. Method: a crew of counters on a simulated
// clock, that delivers what it likes while it is not paused.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { type BacklogCrew, runBacklog } from '../../src/run/backlog.ts'
import type { BacklogPlan } from '../../src/workload/model.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const RATE_HZ = 1000
const EPOCH_US = 5_000
const UNDER_WAY = 20

interface System {
  /** Acknowledges so many a second. */
  readonly takesHz?: number
  /** Delivers at most so many a second to each subscription. */
  readonly deliversHz?: number
  readonly subscriptions?: number
  /** A worker does not answer between these seconds. */
  readonly silentS?: readonly [number, number]
}

/** What producers sent and consumers got, as counted when it is asked for. */
function crewOf(
  clock: SimClock,
  { takesHz = RATE_HZ, deliversHz = 1e9, subscriptions = 1, silentS }: System,
) {
  const orders: string[] = []
  let paused = false
  let atUs = EPOCH_US
  let acknowledged = 0
  let delivered = 0
  const advance = () => {
    const seconds = (clock.nowUs() - atUs) / 1e6
    atUs = clock.nowUs()
    acknowledged += seconds * takesHz
    const most = delivered + seconds * deliversHz
    if (!paused) delivered = Math.max(delivered, Math.min(acknowledged - UNDER_WAY, most))
  }
  const crew: BacklogCrew = {
    size: 2,
    async order(request) {
      advance()
      orders.push(request)
      paused = request === 'pauseConsumers'
    },
    async progress() {
      advance()
      const nothing = {
        sent: 0,
        settled: 0,
        acknowledged: 0,
        unknown: 0,
        distinctReceived: 0,
        sendingDone: false,
      }
      const producer = { ...nothing, acknowledged: Math.round(acknowledged) }
      const consumer = { ...nothing, distinctReceived: Math.round(delivered) * subscriptions }
      const s = (clock.nowUs() - EPOCH_US) / 1e6
      const isSilent = silentS !== undefined && s >= silentS[0] && s < silentS[1]
      return isSilent ? [producer] : [producer, consumer]
    },
  }
  return { crew, orders }
}

const PLAN: BacklogPlan = { messages: 5000, drainRatio: 1, maxBuildS: 20, maxDrainS: 30 }

async function run(system: System, plan: Partial<BacklogPlan> = {}) {
  const clock = new SimClock()
  const { crew, orders } = crewOf(clock, system)
  const abort = new AbortController()
  const ended = runBacklog({
    crew,
    plan: { ...PLAN, ...plan },
    workload: { producerRateHz: RATE_HZ, subscriptionsPerTopic: system.subscriptions ?? 1 },
    clock,
    epochUs: EPOCH_US,
    buildFromUs: 3e6,
    say: () => {},
    signal: abort.signal,
  })
  await clock.advanceTo(EPOCH_US + 100e6)
  return { result: await ended, orders }
}

describe('a backlog', () => {
  test('is built at the rate and drained at what consumers can do beyond it', async () => {
    const { result, orders } = await run({ deliversHz: 3000 })
    expect(orders).toEqual(['pauseConsumers', 'resumeConsumers'])
    expect(result).toMatchObject({
      targetMessages: 5000,
      build: { startS: 3, reached: true },
      drain: { drained: true },
    })
    const { build, drain, usualMessages } = result
    expect(usualMessages).toBe(UNDER_WAY)
    expect(build.endS - build.startS).toBeWithin(4.9, 5.2)
    expect(build.messages).toBeWithin(5000, 5200)
    // 5,000 messages with 2,000/s to spare, down to a tenth of a second of the rate.
    expect(drain.endS - build.endS).toBeWithin(2.3, 2.7)
    expect(drain.delivered).toBeWithin(7000, 8000)
    expect(drain.messages).toBeLessThanOrEqual(100)
  })

  test('of several subscriptions is that of each', async () => {
    const { result } = await run({ subscriptions: 3 })
    expect(result.build.messages).toBeWithin(5000, 5200)
    expect(result.drain.drained).toBe(true)
  })

  test('is drained at the part that must be gone', async () => {
    const { result } = await run({ deliversHz: 2000 }, { drainRatio: 0.5 })
    expect(result.drain.messages).toBeWithin(2300, 2500)
    expect(result.drain.endS - result.build.endS).toBeWithin(2.4, 2.8)
  })

  test('that the system does not take ends after its time, and is drained all the same', async () => {
    const { result, orders } = await run({ takesHz: 100 })
    expect(result.build).toMatchObject({ reached: false })
    expect(result.build.endS - result.build.startS).toBeWithin(20, 20.5)
    expect(result.drain.drained).toBe(true)
    expect(orders.at(-1)).toBe('resumeConsumers')
  })

  test('that grows faster than it is drained ends after its time, and is told', async () => {
    const { result } = await run({ deliversHz: 900 })
    expect(result.drain.drained).toBe(false)
    expect(result.drain.endS - result.build.endS).toBeWithin(30, 30.5)
    expect(result.drain.messages).toBeGreaterThan(5000)
  })

  test('a worker that does not answer for a while changes nothing', async () => {
    const { result } = await run({ deliversHz: 3000, silentS: [4, 6] })
    expect(result).toMatchObject({ build: { reached: true }, drain: { drained: true } })
  })
})
