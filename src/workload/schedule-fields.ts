import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf } from '../errors/app-error.ts'
import { MAX_DURATION_S, MAX_STAGES, UNBOUNDED_RATE_HZ } from './limits.ts'
import { findFile } from './payload-file.ts'
import type { Problem } from './problem.ts'
import { meanRateHz, type RateSchedule, type RateStage, stagesDurationS } from './rate-schedule.ts'
import { MAX_TRACE_BYTES, parseTrace, traceMessages } from './trace.ts'
import type { Locator } from './validate.ts'

const rate = () =>
  z
    .number()
    .min(0)
    .max(UNBOUNDED_RATE_HZ - 1)

const stage = z.strictObject({
  rate: rate().describe('Messages a second at its begin.'),
  rampTo: rate().optional().describe('Messages a second at its end, in a straight line; default: rate.'),
  seconds: z.number().positive().max(MAX_DURATION_S).describe('How long it lasts.'),
})

/** `schedule` of a workload as a person writes it. */
export const scheduleField = z
  .union([
    z.enum(['constant', 'poisson']),
    z.strictObject({
      arrivals: z
        .enum(['even', 'poisson'])
        .default('even')
        .describe('Evenly spaced at the rate of the moment, or by chance with that mean.'),
      stages: z
        .array(stage)
        .min(1)
        .max(MAX_STAGES)
        .optional()
        .describe('The rates of measure, one after another, in the place of producerRate and testDuration.'),
      trace: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe(
          'CSV file with recorded traffic in the place of producerRate and testDuration: time,count or timestamp.',
        ),
      warmupRate: rate()
        .optional()
        .describe('Messages a second in warm-up; default: the first rate of measure.'),
    }),
  ])
  .describe(
    'When messages leave: constant (evenly at producerRate), poisson (by chance at producerRate), stages with rates of their own, or a recorded trace.',
  )

export type ScheduleField = z.infer<typeof scheduleField>

/** What a schedule says of the whole workload; null where it says nothing of it. */
export interface ReadSchedule {
  /** Null: evenly at the producer rate. */
  readonly schedule: RateSchedule | null
  /** Rate and length of measure, where the schedule has them itself. */
  readonly fixed: { readonly meanRateHz: number; readonly durationS: number } | null
}

/** Whether the schedule has rates and a length of its own. */
export function hasOwnRates(field: ScheduleField | undefined): boolean {
  return typeof field === 'object' && (field.stages !== undefined || field.trace !== undefined)
}

/** Reads what the field says, and the trace that it names, looked up as a payload file is. */
export async function readSchedule(
  field: ScheduleField | undefined,
  workloadFile: string,
  locator: Locator,
): Promise<ReadSchedule | { readonly problems: readonly Problem[] }> {
  if (field === undefined || field === 'constant') return { schedule: null, fixed: null }
  if (field === 'poisson') return { schedule: { arrivals: 'poisson', shape: null }, fixed: null }
  const problems = contradictions(field, locator)
  if (problems.length > 0) return { problems }
  if (field.trace !== undefined) return await readTraceFile(field, field.trace, workloadFile, locator)
  const { arrivals, stages = [] } = field
  if (stages.length === 0) {
    return { schedule: arrivals === 'even' ? null : { arrivals, shape: null }, fixed: null }
  }
  const list = stages.map(
    ({ rate: fromHz, rampTo: toHz = fromHz, seconds: durationS }): RateStage => ({ fromHz, toHz, durationS }),
  )
  const warmupRateHz = field.warmupRate ?? list[0]!.fromHz
  const fixed = { meanRateHz: meanRateHz(list), durationS: stagesDurationS(list) }
  if (fixed.meanRateHz * fixed.durationS < 1 || fixed.durationS > MAX_DURATION_S) {
    const what = `expected stages with at least one message in at most ${MAX_DURATION_S} s, got ${fixed.meanRateHz * fixed.durationS} in ${fixed.durationS} s`
    return { problems: [{ where: locator.whereIs(['schedule', 'stages']), what }] }
  }
  return { schedule: { arrivals, shape: { kind: 'stages', warmupRateHz, stages: list } }, fixed }
}

function contradictions(field: ScheduleField & object, locator: Locator): Problem[] {
  const problems: Problem[] = []
  const at = (key: string) => locator.whereIs(['schedule', key])
  if (field.stages !== undefined && field.trace !== undefined) {
    problems.push({
      where: at('trace'),
      what: 'expected stages or a trace, got both',
      hint: 'remove one of them',
    })
  }
  if (field.warmupRate !== undefined && !hasOwnRates(field)) {
    const what = 'expected warmupRate beside stages or a trace, got it alone'
    problems.push({ where: at('warmupRate'), what, hint: 'remove it: the warm-up has the rate of measure' })
  }
  return problems
}

async function readTraceFile(
  field: ScheduleField & object,
  path: string,
  workloadFile: string,
  locator: Locator,
): Promise<ReadSchedule | { readonly problems: readonly Problem[] }> {
  const where = locator.whereIs(['schedule', 'trace'])
  const refused = (what: string, hint?: string) => ({
    problems: [hint === undefined ? { where, what } : { where, what, hint }],
  })
  const found = await findFile(path, workloadFile)
  if (found === null) {
    return refused(
      `expected the trace to be there, got no file ${JSON.stringify(path)}`,
      'looked beside the workload file, in the folders above it, and in the current folder',
    )
  }
  const { size } = await stat(found)
  if (size > MAX_TRACE_BYTES) {
    return refused(`expected a trace of at most ${MAX_TRACE_BYTES} bytes, got ${size}`, 'count by the second')
  }
  let text: string
  try {
    text = await readFile(found, 'utf8')
  } catch (error) {
    return refused(`cannot read the trace: ${messageOf(error)}`)
  }
  const parsed = parseTrace(text)
  if ('problems' in parsed) {
    return { problems: parsed.problems.map(({ line, what }) => ({ where: `${found}:${line}:1`, what })) }
  }
  const { trace } = parsed
  if (trace.kind === 'instants' && field.arrivals === 'poisson') {
    return refused(
      'expected arrivals: even with a trace of timestamps, got poisson',
      'each message has its own time',
    )
  }
  const durationS = trace.durationUs / 1e6
  const messages = traceMessages(trace)
  const firstRateHz =
    trace.kind === 'counts'
      ? (trace.counts[0]! * 1e6) / (trace.startsUs[1]! - trace.startsUs[0]!)
      : messages / durationS
  return {
    schedule: {
      arrivals: field.arrivals,
      shape: {
        kind: 'trace',
        warmupRateHz: field.warmupRate ?? firstRateHz,
        path: found,
        sha256: new Bun.CryptoHasher('sha256').update(text).digest('hex'),
        messages,
      },
    },
    fixed: { meanRateHz: messages / durationS, durationS },
  }
}
