import { SystemClock } from '../../src/clock/system-clock.ts'
import { openRemoteShell } from '../../src/lab/aws/ssm.ts'
import type { AwsDouble } from '../../test/aws/double/double.ts'
import { type ClusterCheck, SYSTEMS } from './systems.ts'

const CHECK_LIMIT_MS = 300_000

/** Whether the nodes of these systems have found each other; asked through Systems Manager, while bench works there. */
export async function checkClusters(
  aws: AwsDouble,
  experimentId: string,
  names: readonly string[],
  expectThat: (what: string, isSo: boolean, seen?: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const quiet = () => {}
  const context = { aws: aws.client, clock: new SystemClock(), random: Math.random, log: quiet }
  const shell = await openRemoteShell(context)
  const ask = async ({ role, script }: ClusterCheck) => {
    const asked = [...aws.machines.values()].find(
      ({ tags, endedMs }) => tags.ExperimentID === experimentId && tags.Role === role && endedMs === null,
    )
    if (asked === undefined) return `no instance of role ${role}`
    // Systems Manager runs scripts by sh.
    const command = {
      instanceIds: [asked.id],
      script: `bash <<'END'\n${script}\nEND`,
      title: `look at ${role}`,
    }
    const [outcome] = await shell.run({ ...command, limitMs: CHECK_LIMIT_MS }, signal)
    return `${outcome!.stdout}${outcome!.stderr}`
  }
  try {
    for (const name of names) {
      for (const check of SYSTEMS[name]!.checks) {
        const answer = await ask(check)
        const isSo = check.expected.every((each) => each.test(answer))
        expectThat(`${name}: ${check.what}`, isSo, answer)
      }
    }
  } finally {
    shell.close()
  }
}
