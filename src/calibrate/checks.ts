import { countText, msText } from '../result/figures.ts'
import type { Check, PathFigures } from './calibration.ts'

/** How late at most 1 % of the messages may leave. */
export const MAX_SCHEDULE_DELAY_P99_US = 2_000

/** Whether the generator keeps its schedule, over the path of a real load: pass or fail, with the figures. Pure. */
export function accuracyChecks(paths: readonly PathFigures[]): Check[] {
  return paths.flatMap(({ path, rateHz, durationS, latencies, ...counts }) => {
    const expected = Math.round(rateHz * durationS)
    const p99Us = latencies.scheduleDelay.p99
    const each = `${countText(counts.scheduled)} scheduled, ${countText(counts.sent)} sent`
    return [
      {
        name: `rate accuracy, ${path} path`,
        ok: counts.scheduled === expected && counts.sent === expected,
        detail: `${each} in ${durationS} s at ${countText(rateHz)} msg/s`,
      },
      {
        name: `schedule delay, ${path} path`,
        ok: p99Us < MAX_SCHEDULE_DELAY_P99_US,
        detail: `p99 ${msText(p99Us)}, less than ${msText(MAX_SCHEDULE_DELAY_P99_US)} is asked`,
      },
      {
        name: `audit, ${path} path`,
        ok:
          counts.integrity === 'intact' && counts.acknowledged === expected && counts.delivered === expected,
        detail: `${countText(counts.acknowledged)} acknowledged, ${countText(counts.delivered)} delivered, ${counts.integrity}`,
      },
    ]
  })
}
