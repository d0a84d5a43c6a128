// Goal: a warm-up ends when rates and latencies have settled, not before, and chance does not keep it from ending. Method:
// seconds written by hand, and random ones of a Poisson load.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { STEADY_SECONDS, type SteadySecond, unsettled } from '../../src/run/steady-state.ts'

const latency = (p50Us: number, p99Us: number) => ({ count: 1000, p50Us, p99Us, maxUs: p99Us * 2 })

function second(changes: Partial<SteadySecond> = {}): SteadySecond {
  return {
    scheduledHz: 1000,
    acknowledgedHz: 1000,
    receivedHz: 1000,
    publish: latency(2000, 5000),
    endToEnd: latency(3000, 8000),
    ...changes,
  }
}

/** So many seconds, each made of its number. */
const seconds = (make: (i: number) => SteadySecond, count = STEADY_SECONDS) =>
  Array.from({ length: count }, (_, i) => make(i))

describe('a load', () => {
  test('that is always the same has settled as soon as two windows were seen', () => {
    expect(
      unsettled(
        seconds(() => second(), STEADY_SECONDS - 1),
        1,
      ),
    ).toContain('s were seen')
    expect(
      unsettled(
        seconds(() => second()),
        1,
      ),
    ).toBeNull()
  })

  test('is judged by its last two windows alone', () => {
    const early = second({ publish: latency(90_000, 900_000), acknowledgedHz: 0 })
    expect(unsettled([...seconds(() => early), ...seconds(() => second())], 1)).toBeNull()
  })

  test.each([
    ['publish p50', (i: number) => second({ publish: latency(20_000 - i * 1000, 50_000) })],
    ['publish p99', (i: number) => second({ publish: latency(2000, 50_000 - i * 4000) })],
    ['end-to-end p50', (i: number) => second({ endToEnd: latency(5000 + i * 500, 90_000) })],
    ['acknowledgements', (i: number) => second({ acknowledgedHz: i < 5 ? 800 : 1500 })],
    ['deliveries/s of', () => second({ receivedHz: 700 })],
    ['acknowledgements/s of', () => second({ acknowledgedHz: 700 })],
    ['no end-to-end latency', () => second({ endToEnd: null })],
    ['nothing was due', () => second({ scheduledHz: 0, acknowledgedHz: 0, receivedHz: 0 })],
  ] as const)('has not settled, and says so: %s', (what, make) => {
    expect(unsettled(seconds(make), 1)).toContain(what)
  })

  test('of several subscriptions is held to the deliveries of one', () => {
    expect(
      unsettled(
        seconds(() => second({ receivedHz: 3000 })),
        3,
      ),
    ).toBeNull()
    expect(
      unsettled(
        seconds(() => second({ receivedHz: 1000 })),
        3,
      ),
    ).toContain('deliveries')
  })

  test('settles although arrivals come by chance, at any rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }),
        (rateHz, deviations) => {
          const chance = seconds((i) => {
            const hz = rateHz + deviations[i]! * Math.sqrt(rateHz)
            return second({ scheduledHz: hz, acknowledgedHz: hz, receivedHz: hz })
          })
          expect(unsettled(chance, 1)).toBeNull()
        },
      ),
    )
  })

  test('one that is lost by a growing share is never taken for settled', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 90 }), fc.integer({ min: 10, max: 300 }), (percent, count) => {
        const overloaded = seconds((i) => {
          const hz = 100_000 * (1 - percent / 100)
          const us = (i + 1) * percent * 10_000
          return second({
            scheduledHz: 100_000,
            acknowledgedHz: hz,
            receivedHz: hz,
            publish: latency(us, us * 1.1),
            endToEnd: latency(us, us * 1.1),
          })
        }, count)
        expect(unsettled(overloaded, 1)).not.toBeNull()
      }),
    )
  })
})
