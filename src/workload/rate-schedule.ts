/** When messages leave, where that is not evenly at one rate all along. Pure data: it goes to workers and results. */
export interface RateSchedule {
  /**
   * `even`: at the rate of the moment, evenly spaced. `poisson`: by chance, seeded by the run, on average at that rate; the
   * number of all messages is fixed before the start.
   */
  readonly arrivals: 'even' | 'poisson'
  /** How the rate changes during measure; null = `producerRateHz` all along. */
  readonly shape: RateShape | null
}

export type RateShape = StagedShape | TraceShape

/** Stages of measure, one after another; warm-up has a rate of its own before them. */
export interface StagedShape {
  readonly kind: 'stages'
  readonly warmupRateHz: number
  readonly stages: readonly RateStage[]
}

/** A stretch of time; the rate goes from `fromHz` to `toHz` in a straight line, or stays. */
export interface RateStage {
  readonly fromHz: number
  readonly toHz: number
  readonly durationS: number
}

/** Recorded traffic in a file that every worker reads. */
export interface TraceShape {
  readonly kind: 'trace'
  readonly warmupRateHz: number
  /** Absolute. */
  readonly path: string
  /** Of the file as it was when the run was planned: another one is refused. */
  readonly sha256: string
  /** Messages in it. */
  readonly messages: number
}

/** Messages of a stage; a fraction where its time holds no whole number of them. */
export function stageMessages({ fromHz, toHz, durationS }: RateStage): number {
  return ((fromHz + toHz) / 2) * durationS
}

export function stagesDurationS(stages: readonly RateStage[]): number {
  return stages.reduce((sum, { durationS }) => sum + durationS, 0)
}

/** Messages a second over all stages. */
export function meanRateHz(stages: readonly RateStage[]): number {
  const durationS = stagesDurationS(stages)
  return durationS === 0 ? 0 : stages.reduce((sum, stage) => sum + stageMessages(stage), 0) / durationS
}

/** The same shape in `durationS` seconds, every stage shortened (or lengthened) alike; rates stay. */
export function rescaledStages(stages: readonly RateStage[], durationS: number): readonly RateStage[] {
  const factor = durationS / stagesDurationS(stages)
  return stages.map((stage) => ({ ...stage, durationS: stage.durationS * factor }))
}
