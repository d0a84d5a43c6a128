// Goal: a schedule that is changed while it runs changes for all workers at the same instant, or the trial ends. Method:
// engines against a fake system in simulated time, told early and too late; a crew of answers for the supervisor's side.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Engine } from '../../src/engine/engine.ts'
import type { Crew } from '../../src/run/crew.ts'
import { nextChangeUs, RETIME_LEAD_MS, retime } from '../../src/run/retiming.ts'
import { runTrial, total } from '../engine/trial.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const S = 1_000_000

describe('an engine', () => {
  const spec = { warmupUs: 10 * S, measureUs: 20 * S, rateHz: 100 }
  const tell = (warmupUs: number, measureUs: number) => (_: unknown, engines: readonly Engine[]) => {
    for (const engine of engines) engine.retime(warmupUs, measureUs)
  }

  test('ends its warm-up earlier: as many messages in each phase as if it had been planned so', async () => {
    const trial = await runTrial({
      ...{ engines: 2, producers: 3, spec },
      at: [[2.5 * S, tell(4 * S, 20 * S)]],
    })
    expect([total(trial, 'scheduled', 'warmup'), total(trial, 'scheduled')]).toEqual([400, 2000])
    expect(total(trial, 'acknowledged')).toBe(2000)
    expect(trial.histogram('publish', 'warmup').count).toBe(400)
    expect(trial.audit.audits[0]).toMatchObject({ sent: 2400, distinct: 2400, lost: 0 })
  })

  test('ends measure earlier, too, and with Poisson arrivals or stages', async () => {
    const stages = [{ fromHz: 0, toHz: 200, durationS: 20 }]
    for (const schedule of [
      { arrivals: 'poisson', shape: null },
      { arrivals: 'even', shape: { kind: 'stages', warmupRateHz: 50, stages } },
    ] as const) {
      const whole = await runTrial({ spec: { ...spec, schedule, measureUs: 6 * S } })
      const ended = await runTrial({
        spec: { ...spec, schedule },
        at: [[12 * S, tell(10 * S, 6 * S)]],
      })
      expect(total(ended, 'scheduled')).toBe(total(whole, 'scheduled'))
      expect(total(ended, 'acknowledged')).toBe(total(whole, 'scheduled'))
    }
  })

  test('refuses what should have changed already', async () => {
    const told: string[] = []
    await runTrial({
      spec,
      at: [
        [
          5 * S,
          (_, [engine]) => {
            for (const [warmupUs, measureUs] of [
              [4 * S, 20 * S],
              [5 * S, 20 * S],
            ] as const) {
              try {
                engine!.retime(warmupUs, measureUs)
              } catch (error) {
                told.push(String(error))
              }
            }
          },
        ],
      ],
    })
    expect(told).toHaveLength(2)
    for (const text of told) expect(text).toMatch(/expected to be told before \d s .* was told later/)
  })
})

describe('the supervisor', () => {
  const crewOf = (askAll: Crew['askAll']) =>
    ({ members: [], death: new AbortController().signal, askAll, end: async () => {} }) satisfies Crew

  test('changes on a whole second that leaves time to tell', () => {
    for (const elapsedUs of [0, 1, 999_999, 1_000_000, 7_300_000]) {
      const changeUs = nextChangeUs(elapsedUs)
      expect(changeUs % S).toBe(0)
      expect(changeUs - elapsedUs).toBeWithin(RETIME_LEAD_MS * 1000, RETIME_LEAD_MS * 1000 + S)
    }
  })

  test('says when not all follow', async () => {
    const timing = { warmupUs: 4 * S, measureUs: 2 * S }
    expect(
      await retime(
        crewOf(async () => []),
        timing,
        S,
      ),
    ).toBeNull()
    const refuse = async () => {
      throw new Error('too late')
    }
    expect(await retime(crewOf(refuse), timing, S)).toContain('while it ran: too late')
  })
})
