import { Recorder } from './histogram.ts'
import { type EncodedHistogram, LATENCIES, type LatencyName, PHASES, type Phase } from './types.ts'

/** The encoded histograms of some latencies; those without values are left out. */
export type EncodedLatencies = Readonly<Partial<Record<LatencyName, EncodedHistogram>>>

/**
 * Latencies by phase. A value is recorded once, into its phase's recorder of the running interval; when the interval
 * is taken, that is added to the phase's total. So a second of traffic costs one addition, not a second record each.
 */
export interface LatencyBook {
  /** Recorder of the running interval. Index into `PHASES`; ask anew after `takeInterval` is fine, it never changes. */
  recorder(latency: LatencyName, phase: number): Recorder
  /** All values since the last call, of any phase. */
  takeInterval(): EncodedLatencies
  /** All values of each phase so far. */
  totals(): Readonly<Record<Phase, EncodedLatencies>>
}

export function createLatencyBook(): LatencyBook {
  const running = LATENCIES.map(() => PHASES.map(() => new Recorder()))
  const totals = LATENCIES.map(() => PHASES.map(() => new Recorder()))
  const interval = new Recorder()

  function absorb(latency: number, intoInterval: boolean): void {
    PHASES.forEach((_, phase) => {
      const recorder = running[latency]![phase]!
      if (recorder.count === 0) return
      totals[latency]![phase]!.add(recorder)
      if (intoInterval) interval.add(recorder)
      recorder.reset()
    })
  }

  return {
    recorder: (latency, phase) => running[LATENCIES.indexOf(latency)]![phase]!,
    takeInterval() {
      const taken: Partial<Record<LatencyName, EncodedHistogram>> = {}
      LATENCIES.forEach((name, latency) => {
        absorb(latency, true)
        if (interval.count === 0) return
        taken[name] = interval.encode()
        interval.reset()
      })
      return taken
    },
    totals() {
      const byPhase = { warmup: {}, measure: {} } as Record<
        Phase,
        Partial<Record<LatencyName, EncodedHistogram>>
      >
      LATENCIES.forEach((name, latency) => {
        absorb(latency, false)
        PHASES.forEach((phase, index) => {
          const total = totals[latency]![index]!
          if (total.count > 0) byPhase[phase][name] = total.encode()
        })
      })
      return byPhase
    },
  }
}
