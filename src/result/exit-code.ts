import { EXIT, type ExitCode, gravest } from '../errors/exit-codes.ts'
import type { ExperimentResult, SideResult, TrialResult } from './result.ts'
import { type SloSource, sloOutcomes } from './slo-outcomes.ts'

/**
 * The exit code that an experiment's findings ask for. Of several the gravest: violated 8, invalid 6, unproven or partial
 * 9, an objective (`slo`) missed 5. A saturated side is a finding and exits 0. When sides were tried and none could be prepared: 4. Signals (130, 143)
 * are the command line's own business and outrank this.
 */
export function exitCodeOf(result: Pick<ExperimentResult, 'sides' | 'partial'> & SloSource): ExitCode {
  const trials = result.sides.flatMap((side) => side.trials)
  if (trials.length === 0 && result.sides.some((side) => side.error !== null)) return EXIT.prepare
  const refused = new Set(result.sides.flatMap(refusedTrials))
  const codes: ExitCode[] = []
  if (result.partial !== null || result.sides.some((side) => side.error !== null)) codes.push(EXIT.partial)
  for (const trial of trials) {
    const { verdict } = trial
    if (verdict.integrity === 'violated') codes.push(EXIT.violated)
    // What a search refused proves nothing and claims nothing: it is there to be too much.
    if (refused.has(trial)) continue
    if (verdict.integrity === 'unproven') codes.push(EXIT.partial)
    if (verdict.measurement === 'invalid') codes.push(EXIT.invalid)
  }
  if (sloOutcomes(result).some(({ held }) => !held)) codes.push(EXIT.slo)
  return gravest(codes)
}

function refusedTrials({ search, trials }: SideResult): TrialResult[] {
  const places = new Set(
    search?.steps.filter(({ outcome }) => outcome !== 'held').map(({ place }) => place) ?? [],
  )
  return trials.filter(({ place }) => place !== undefined && places.has(place))
}
