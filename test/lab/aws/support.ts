import type { Clock } from '../../../src/clock/clock.ts'
import type { LabContext } from '../../../src/lab/aws/settings.ts'
import type { AwsDouble } from '../../aws/double/double.ts'

/** The lab's context over the double, and every line it logs. */
export interface TestContext extends LabContext {
  readonly lines: string[]
}

/** Makes one with this clock. */
export function contextOf(double: AwsDouble, clock: Clock): TestContext {
  const lines: string[] = []
  return { aws: double.client, clock, random: Math.random, log: (line) => lines.push(line), lines }
}
