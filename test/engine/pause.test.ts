// Goal: consumers that were told to pause take nothing until they are told to resume, whatever limit of a rate they have
// of their own, and every message is delivered once. Method: engines against a fake system in simulated time.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Engine } from '../../src/engine/engine.ts'
import { runTrial, total } from './trial.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const PAUSE_US = 500_000
const RESUME_US = 1_500_000

/** What was received in all, told at these instants. */
function watch(atUs: readonly number[]) {
  const received = new Map<number, number>()
  const entries = atUs.map((us) => {
    const note = (_: unknown, engines: readonly Engine[]) => {
      received.set(
        us,
        engines.reduce((sum, engine) => sum + engine.progress().distinctReceived, 0),
      )
    }
    return [us, note] as const
  })
  return { received, entries }
}

const tell = (order: 'pauseConsumers' | 'resumeConsumers') => (_: unknown, engines: readonly Engine[]) => {
  for (const engine of engines) {
    engine[order]()
    // Told twice is told once.
    engine[order]()
  }
}

describe('pausing consumers', () => {
  for (const consumerRateHz of [undefined, 900]) {
    test(`takes nothing until the end of the pause, and loses nothing; limit: ${consumerRateHz ?? 'none'}`, async () => {
      const { received, entries } = watch([600_000, 1_400_000, 1_600_000])
      const trial = await runTrial({
        engines: 2,
        producers: 2,
        consumersPerSubscription: 2,
        spec: { partitions: 2 },
        ...(consumerRateHz === undefined ? {} : { consumerRateHz }),
        at: [[PAUSE_US, tell('pauseConsumers')], ...entries, [RESUME_US, tell('resumeConsumers')]],
        drainUs: 5_000_000,
      })
      expect(received.get(600_000)).toBeGreaterThan(300)
      expect(received.get(1_400_000)).toBe(received.get(600_000)!)
      expect(received.get(1_600_000)).toBeGreaterThan(received.get(600_000)!)
      expect(total(trial, 'acknowledged')).toBe(2000)
      expect(trial.audit.audits[0]).toMatchObject({ distinct: 2000, lost: 0, duplicated: 0, outOfOrder: 0 })
    })
  }

  test('consumers that were paused before the epoch begin paused', async () => {
    const { received, entries } = watch([400_000])
    const trial = await runTrial({
      at: [[-5_000, tell('pauseConsumers')], ...entries, [PAUSE_US, tell('resumeConsumers')]],
    })
    expect(received.get(400_000)).toBe(0)
    expect(trial.audit.audits[0]).toMatchObject({ distinct: 2000, lost: 0 })
  })
})
