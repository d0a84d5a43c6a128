import { MAX_POISSON_MESSAGES } from './limits.ts'
import type { Workload } from './model.ts'
import type { ParsedFlags } from './plan-options.ts'
import type { Problem } from './problem.ts'
import { rescaledStages } from './rate-schedule.ts'
import { ratesOf } from './rates.ts'

/** The workload with another measured time; stages fill it in the same proportions. */
export function withDuration(workload: Workload, durationS: number): Workload {
  const { schedule } = workload
  if (schedule?.shape?.kind !== 'stages') return { ...workload, durationS }
  const stages = rescaledStages(schedule.shape.stages, durationS)
  return { ...workload, durationS, schedule: { ...schedule, shape: { ...schedule.shape, stages } } }
}

/** What options ask of a schedule that it cannot do, and more chance than is drawn for one trial. */
export function scheduleProblems(
  workload: Workload,
  { ratesHz, durationS }: Pick<ParsedFlags, 'ratesHz' | 'durationS'>,
): Problem[] {
  const { schedule } = workload
  if (schedule === undefined) return []
  const problems: Problem[] = []
  const shape = schedule.shape?.kind ?? null
  if (shape !== null && ratesHz !== null) {
    const where = ratesHz.length === 1 ? '--rate' : '--rates'
    const what = 'expected no rate beside a schedule with rates of its own, got one'
    problems.push({ where, what, hint: 'change the schedule, or remove it' })
  }
  if (shape !== null && workload.search !== undefined) {
    const what = 'expected no search beside a schedule with rates of its own, got one'
    problems.push({ where: '--search', what, hint: 'remove the search, or the schedule' })
  }
  if (shape === 'trace' && durationS !== null) {
    const what = 'expected no duration beside a recorded trace, got one'
    problems.push({ where: '--duration', what, hint: 'cut the file: a trace is played as it is' })
  }
  const messages = ratesOf(workload).at(-1)! * (workload.warmupS + workload.durationS)
  if (schedule.arrivals === 'poisson' && messages > MAX_POISSON_MESSAGES) {
    const what = `expected at most ${MAX_POISSON_MESSAGES} messages of Poisson arrivals, got ${messages}`
    problems.push({ where: 'schedule', what, hint: 'measure for a shorter time, or send slower' })
  }
  return problems
}
