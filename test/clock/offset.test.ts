// Goal: the offset of another host's clock is found within the bound that is told, whatever the network does; the bound is
// as small as the fastest exchanges allow; a clock that is set is noticed. Method: simulated clocks and networks with
// known truth (asymmetric, jittery, lossy paths; drift that wanders), thousands of seeds.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DisciplinedClock } from '../../src/clock/disciplined-clock.ts'
import {
  createOffsetEstimator,
  type Exchange,
  MAX_BURSTS,
  MAX_DRIFT,
  MAX_WANDER,
  type OffsetEstimator,
} from '../../src/clock/offset.ts'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { skewed, skewedClock, skewOf } from '../../src/clock/skewed-clock.ts'
import { seededRandom } from '../result/sample-result.ts'

/** µs of rounding: instants are some 10¹² µs, doubles. */
const ROUNDING_US = 0.01

interface World {
  readonly seed: number
  readonly offsetUs: number
  readonly driftPpm: number
  /** Of a slow swing of the drift, at most what the estimator allows. */
  readonly wanderPpm: number
  readonly swingS: number
  /** Shortest delays there and back, µs: they need not be alike. */
  readonly thereUs: number
  readonly backUs: number
  /** Mean of what queues add, µs. */
  readonly jitterUs: number
  readonly bursts: number
  readonly burstSize: number
  readonly everyMs: number
  /** Our clock at the beginning. */
  readonly startUs: number
}

const worlds = fc.record<World>({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  offsetUs: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  driftPpm: fc.double({ min: -990, max: 990, noNaN: true }),
  wanderPpm: fc.double({ min: 0, max: (MAX_WANDER * 1e6) / 2, noNaN: true }),
  swingS: fc.double({ min: 5, max: 600, noNaN: true }),
  thereUs: fc.double({ min: 1, max: 20_000, noNaN: true }),
  backUs: fc.double({ min: 1, max: 20_000, noNaN: true }),
  jitterUs: fc.double({ min: 0, max: 5_000, noNaN: true }),
  bursts: fc.integer({ min: 1, max: 40 }),
  burstSize: fc.integer({ min: 1, max: 8 }),
  everyMs: fc.integer({ min: 50, max: 2_000 }),
  startUs: fc.double({ min: 0, max: 1e12, noNaN: true }),
})

/** The true offset at an instant: its drift is within `wanderPpm` of a constant at every instant. */
function truth(world: World): (us: number) => number {
  const { offsetUs, driftPpm, wanderPpm, swingS, startUs } = world
  const circle = (2 * Math.PI) / (swingS * 1e6)
  return (us) => {
    const t = us - startUs
    return offsetUs + (driftPpm * t) / 1e6 + ((wanderPpm / 1e6) * (1 - Math.cos(circle * t))) / circle
  }
}

/** Feeds the estimator as a supervisor would; calls back after each burst. */
function simulate(world: World, estimator: OffsetEstimator, afterBurst: (nowUs: number) => void): void {
  const random = seededRandom(world.seed)
  const offsetAt = truth(world)
  const jitter = () => -Math.log(1 - random()) * world.jitterUs
  let nowUs = world.startUs
  for (let burst = 0; burst < world.bursts; burst++) {
    const exchanges: Exchange[] = []
    for (let i = 0; i < world.burstSize; i++) {
      const sentUs = nowUs
      const stampedUs = sentUs + world.thereUs + jitter()
      const receivedUs = stampedUs + world.backUs + jitter()
      exchanges.push({ sentUs, remoteUs: stampedUs + offsetAt(stampedUs), receivedUs })
      nowUs = receivedUs
    }
    estimator.addBurst(exchanges)
    afterBurst(nowUs)
    nowUs += world.everyMs * 1000
  }
}

describe('the estimate', () => {
  test('is never further from the truth than its bound: now, before and a while later', () => {
    fc.assert(
      fc.property(worlds, fc.double({ min: -2, max: 5, noNaN: true }), (world, awayS) => {
        const estimator = createOffsetEstimator()
        const offsetAt = truth(world)
        simulate(world, estimator, (nowUs) => {
          for (const us of [nowUs, nowUs + awayS * 1e6]) {
            const { offsetUs, boundUs, drift, driftBound } = estimator.estimate(us)!
            expect(Math.abs(offsetUs - offsetAt(us))).toBeLessThanOrEqual(boundUs + ROUNDING_US)
            expect(Math.abs(drift - world.driftPpm / 1e6)).toBeLessThanOrEqual(driftBound + MAX_WANDER)
          }
        })
        expect(estimator.restarts).toBe(0)
      }),
      { numRuns: 3_000 },
    )
  })

  test('follows a line within its bound until the next burst: half the best round trip and drift × age', () => {
    fc.assert(
      fc.property(worlds, fc.double({ min: 0, max: 3, noNaN: true }), (world, ageS) => {
        const estimator = createOffsetEstimator()
        const offsetAt = truth(world)
        simulate(world, estimator, (nowUs) => {
          const { offsetUs, boundUs, drift, driftBound } = estimator.estimate(nowUs)!
          const ageUs = ageS * 1e6
          const error = offsetUs + drift * ageUs - offsetAt(nowUs + ageUs)
          // The drift may wander on: what the estimator allows for every span.
          const wander = 2 * MAX_WANDER * ageUs
          expect(Math.abs(error)).toBeLessThanOrEqual(boundUs + driftBound * ageUs + wander + ROUNDING_US)
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('is bounded by half the fastest round trip, however the way is divided', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const estimator = createOffsetEstimator()
        let fastestUs = Number.POSITIVE_INFINITY
        const still = { ...world, jitterUs: 0, burstSize: 1 }
        simulate(still, estimator, () => {
          fastestUs = Math.min(fastestUs, still.thereUs + still.backUs)
        })
        const lastUs = still.startUs + (still.bursts - 1) * (still.everyMs * 1000 + fastestUs) + fastestUs / 2
        const { boundUs } = estimator.estimate(lastUs)!
        expect(boundUs).toBeLessThanOrEqual((fastestUs / 2) * (1 + MAX_DRIFT) + ROUNDING_US)
      }),
      { numRuns: 500 },
    )
  })

  test('knows the drift better, the longer it looks', () => {
    const world: World = {
      seed: 7,
      offsetUs: 50_000,
      driftPpm: 80,
      wanderPpm: 0,
      swingS: 60,
      thereUs: 120,
      backUs: 80,
      jitterUs: 50,
      bursts: 60,
      burstSize: 8,
      everyMs: 500,
      startUs: 1e9,
    }
    const estimator = createOffsetEstimator()
    const bounds: number[] = []
    simulate(world, estimator, (nowUs) => bounds.push(estimator.estimate(nowUs)!.driftBound))
    expect(bounds[0]).toBeCloseTo(MAX_DRIFT, 12)
    expect(bounds[10]! * 1e6).toBeLessThan(50)
    expect(bounds.at(-1)! * 1e6).toBeLessThan(12)
  })
})

describe('a clock that is set', () => {
  const burstAt = (atUs: number, offsetUs: number): Exchange[] => [
    { sentUs: atUs - 100, remoteUs: atUs + offsetUs, receivedUs: atUs + 100 },
  ]

  test('is noticed: what was known before goes, and the new offset holds', () => {
    const estimator = createOffsetEstimator()
    for (let s = 1; s <= 10; s++) estimator.addBurst(burstAt(s * 1e6, 1_000))
    expect(estimator.restarts).toBe(0)
    estimator.addBurst(burstAt(11e6, 900_000))
    expect(estimator.restarts).toBe(1)
    const { offsetUs, boundUs } = estimator.estimate(11e6)!
    expect(Math.abs(offsetUs - 900_000)).toBeLessThanOrEqual(boundUs)
    expect(boundUs).toBeLessThan(150)
    for (let s = 12; s <= 20; s++) estimator.addBurst(burstAt(s * 1e6, 900_000))
    expect(estimator.restarts).toBe(1)
  })

  test('in the midst of a burst is no contradiction that ends anything', () => {
    const estimator = createOffsetEstimator()
    estimator.addBurst([...burstAt(1e6, 0), ...burstAt(1.001e6, 5e6)])
    expect(estimator.estimate(1e6)!.boundUs).toBeLessThan(1_000)
  })

  test('nothing is known without a burst, and no more than so many are kept', () => {
    const estimator = createOffsetEstimator()
    expect(estimator.estimate(0)).toBeNull()
    for (let s = 1; s <= MAX_BURSTS * 3; s++) estimator.addBurst(burstAt(s * 1e6, 1_000))
    const lastUs = MAX_BURSTS * 3e6
    expect(Math.abs(estimator.estimate(lastUs)!.offsetUs - 1_000)).toBeLessThanOrEqual(100)
  })
})

describe('a clock that follows', () => {
  test('tells the run’s time, whatever its host’s clock shows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.double({ min: -900, max: 900, noNaN: true }),
        (offsetUs, driftPpm) => {
          const right = new SimClock(5e9)
          const skew = { offsetUs, driftPpm, fromUs: 5e9 }
          const clock = new DisciplinedClock(skewedClock(right, skew))
          expect(clock.nowUs()).toBe(skewed(5e9, skew))
          clock.follow({ atUs: 5e9, offsetUs, drift: driftPpm / 1e6 })
          for (let i = 0; i < 5; i++) {
            expect(Math.abs(clock.nowUs() - right.nowUs())).toBeLessThan(ROUNDING_US)
            right.spend(777_777)
          }
        },
      ),
    )
  })

  test('never goes back: it stands until it is right', () => {
    const host = new SimClock(1_000)
    const clock = new DisciplinedClock(host)
    clock.follow({ atUs: 1_000, offsetUs: 0, drift: 0 })
    expect(clock.nowUs()).toBe(1_000)
    clock.follow({ atUs: 1_000, offsetUs: 300, drift: 0 })
    expect(clock.nowUs()).toBe(1_000)
    host.spend(299)
    expect(clock.nowUs()).toBe(1_000)
    host.spend(2)
    expect(clock.nowUs()).toBe(1_001)
  })

  test('sleeps until its own time has come', async () => {
    const host = new SimClock(0)
    // The host's clock runs 900 ppm fast: its timers end early.
    const clock = new DisciplinedClock(host)
    clock.follow({ atUs: 0, offsetUs: 0, drift: 900e-6 })
    let wokenUs = 0
    const sleeping = clock.sleep(1_000).then(() => {
      wokenUs = clock.nowUs()
    })
    await host.advanceTo(2e6)
    await sleeping
    expect(wokenUs).toBeGreaterThanOrEqual(1e6)
  })
})

test('the skew of a test’s worker', () => {
  const skew = { offsetUs: 1, driftPpm: 2, fromUs: 3 }
  expect(skewOf('consumer-0', {})).toBeNull()
  expect(skewOf('consumer-0', { BENCH_TEST_CLOCK_SKEWS: JSON.stringify({ 'consumer-0': skew }) })).toEqual(
    skew,
  )
  expect(skewOf('producer-0', { BENCH_TEST_CLOCK_SKEWS: JSON.stringify({ 'consumer-0': skew }) })).toBeNull()
})
