import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DENIED, THROTTLED } from '../../aws/double/faults.ts'
import type { Finished, Running } from '../../support/bench.ts'
import { pollUntil } from '../../support/poll.ts'
import type { SmallLab } from './support.ts'

const LIMIT_MS = 240_000
const ALWAYS = 100_000

/** Something that goes wrong in the life of an experiment, and how it must end. Nothing may be left, whatever it is. */
export interface Scenario {
  readonly name: string
  /** Before bench starts. */
  readonly plan?: (lab: SmallLab) => void
  /** Options besides plan and configuration. */
  readonly options?: readonly string[]
  readonly isSpot?: boolean
  /** While `bench full` runs; what follows when it has ended. */
  readonly meanwhile?: (stage: Stage) => Promise<void>
  /** After the end of `bench full`: what a person would do. The exit code of the last counts. */
  readonly afterwards?: (lab: SmallLab) => Promise<Finished>
  readonly exitCode: number
  /** What the log of the experiment must tell, in this order. */
  readonly story: readonly RegExp[]
  /** What a person must be told. */
  readonly told: RegExp
  readonly state?: string
}

const CLEANED = [/clean-up by tag: begins/, /clean-up of exp-[\d-]+: \d+ resources removed, 0 left/]

/** A kill -9, and the next start of bench. */
function killedWhen(seen: RegExp): Pick<Scenario, 'meanwhile' | 'afterwards'> {
  return {
    meanwhile: async (stage) => {
      await whenLogged(stage, seen)
      stage.bench.signal('SIGKILL')
    },
    afterwards: (lab) => lab.run('reap'),
  }
}

/** What a scenario is played on. */
interface Stage {
  readonly bench: Running
  readonly lab: SmallLab
  /** The experiment of this scenario; undefined until there is one with a log. */
  readonly newest: () => string | undefined
}

/** Resolves when the log of the scenario's experiment has the line. */
async function whenLogged({ lab, newest }: Stage, line: RegExp): Promise<void> {
  await pollUntil(`${line} in the log`, LIMIT_MS, () => {
    const id = newest()
    return id !== undefined && line.test(lab.logOf(id))
  })
}

function roleOf(lab: SmallLab, role: string): string {
  const found = [...lab.double.machines.values()].find(
    ({ tags, endedMs }) => tags.Role === role && endedMs === null,
  )
  if (found === undefined) throw new Error(`expected a machine of role ${role}`)
  return found.id
}

/** A fault at each step; the first is none. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'nothing goes wrong',
    exitCode: 0,
    story: [
      /terraform apply: done/,
      /ready .* after the apply began/,
      /run 2 of 2.*: done/,
      /terraform destroy: done/,
    ],
    told: /report: .*index\.html/,
  },
  {
    name: 'apply half done: the second machine is refused',
    plan: ({ double }) =>
      double.faults.add({
        service: 'ec2',
        action: 'RunInstances',
        from: 2,
        count: ALWAYS,
        error: DENIED.ec2,
      }),
    exitCode: 4,
    story: [/terraform apply: failed/, ...CLEANED],
    told: /error: expected terraform apply to succeed/,
  },
  {
    name: 'a machine does not boot',
    plan: ({ behaviour }) => {
      behaviour.boot = 'fail'
    },
    exitCode: 4,
    story: [/boot: failed/, /failed: no disk/, /the disk of this machine is missing/, ...CLEANED],
    told: /kafka-1 \(i-[0-9a-f]+\): failed: no disk\nthe disk of this machine is missing/,
  },
  {
    name: 'a machine is never ready',
    plan: ({ behaviour }) => {
      behaviour.boot = 'hang'
    },
    options: ['--ready-limit', '2s'],
    exitCode: 4,
    story: [/boot: failed/, ...CLEANED],
    told: /expected every instance to boot, not ready 2 s after/,
  },
  {
    name: 'an agent never answers',
    meanwhile: async ({ lab, newest }) => {
      await pollUntil('the end of the boot', LIMIT_MS, () => {
        for (const { id, endedMs } of lab.double.machines.values())
          if (endedMs === null) lab.double.setAgent(id, 'never')
        const id = newest()
        return id !== undefined && /boot: (failed|done)/.test(lab.logOf(id))
      })
    },
    options: ['--ready-limit', '5s'],
    exitCode: 4,
    story: [/boot: failed/, /answer Systems Manager within 5 s, missing/, ...CLEANED],
    told: /--- console of i-/,
  },
  {
    name: 'Systems Manager refuses',
    plan: ({ double }) =>
      double.faults.add({ service: 'ssm', action: 'SendCommand', count: ALWAYS, error: DENIED.ssm }),
    exitCode: 4,
    story: [/boot: failed/, ...CLEANED],
    told: /error: expected boot to succeed, AWS refused: AccessDeniedException/,
  },
  {
    name: 'everything is throttled for a while',
    plan: ({ double }) => {
      for (const action of ['DescribeInstances', 'DescribeAvailabilityZones', 'RunInstances'])
        double.faults.add({ service: 'ec2', action, count: 2, error: THROTTLED.ec2 })
      for (const action of ['SendCommand', 'ListCommandInvocations', 'GetCommandInvocation'])
        double.faults.add({ service: 'ssm', action, count: 3, error: THROTTLED.ssm })
      double.faults.add({ service: 's3', action: 'ListObjectsV2', count: 2, error: THROTTLED.s3 })
    },
    exitCode: 0,
    story: [/terraform apply: done/, /run 2 of 2.*: done/, /terraform destroy: done/],
    told: /report: /,
  },
  {
    name: 'a spot machine is taken away',
    isSpot: true,
    plan: ({ behaviour }) => {
      behaviour.run = 'hang'
    },
    meanwhile: async (stage) => {
      await whenLogged(stage, /run one-\w+: command/)
      const { lab } = stage
      lab.double.interruptSpot(roleOf(lab, 'kafka'), 0)
    },
    exitCode: 4,
    story: [/run 1 of 2: one: failed/, ...CLEANED],
    told: /AWS has ended kafka-1 \(i-[0-9a-f]+\): .*\n.*hint: spot instances may be taken back/,
  },
  {
    name: 'a run fails',
    plan: ({ behaviour }) => {
      behaviour.run = 'fail'
    },
    exitCode: 4,
    story: [/no broker answers/, /run 1 of 2: one: failed/, ...CLEANED],
    told: /error: expected one to be measured, bench ended with 4/,
  },
  {
    name: 'destroy fails',
    plan: ({ double }) =>
      double.faults.add({ service: 'ec2', action: 'DeleteSubnet', count: 1, error: DENIED.ec2 }),
    exitCode: 0,
    story: [/run 2 of 2.*: done/, /terraform destroy: failed/, ...CLEANED],
    told: /terraform could not destroy it/,
  },
  {
    name: 'the state of Terraform is lost',
    meanwhile: async (stage) => {
      await whenLogged(stage, /run 2 of 2: two: begins/)
      rmSync(join(stage.lab.home.path, stage.newest()!, 'terraform'), { recursive: true })
    },
    exitCode: 0,
    story: [/no Terraform state/, ...CLEANED],
    told: /no Terraform state/,
  },
  {
    name: 'Ctrl-C while it runs',
    plan: ({ behaviour }) => {
      behaviour.run = 'hang'
    },
    meanwhile: async (stage) => {
      await whenLogged(stage, /run one-\w+: command/)
      stage.bench.signal('SIGINT')
    },
    exitCode: 130,
    story: [/run 1 of 2: one: interrupted/, ...CLEANED],
    told: /interrupted by SIGINT/,
  },
  {
    name: 'bench is killed while it applies',
    ...killedWhen(/Creation complete/),
    exitCode: 0,
    story: [/terraform apply: begins/, /died in state settingUp: cleaning up/, ...CLEANED],
    told: /died in state settingUp/,
  },
  {
    name: 'bench is killed while it runs',
    plan: ({ behaviour }) => {
      behaviour.run = 'hang'
    },
    ...killedWhen(/run one-\w+: command/),
    exitCode: 0,
    story: [/died in state running: cleaning up/, ...CLEANED],
    told: /died in state running/,
  },
  {
    name: 'bench is killed while it destroys',
    ...killedWhen(/\$ terraform destroy/),
    exitCode: 0,
    story: [/terraform destroy: begins/, /died in state tearingDown: cleaning up/, ...CLEANED],
    told: /died in state tearingDown/,
  },
  {
    name: 'what failed is kept, and ended by a person',
    plan: ({ behaviour }) => {
      behaviour.run = 'fail'
    },
    options: ['--keep-on-failure'],
    afterwards: (lab) => lab.run('teardown', '--experiment-id', 'latest'),
    exitCode: 0,
    story: [
      /run 1 of 2: one: failed/,
      /is kept, .*bench teardown --experiment-id/,
      /terraform destroy: done/,
    ],
    told: /terraform destroy: done/,
  },
]

/** Lets it happen; what is not as it must be, in words. */
export async function play(scenario: Scenario, lab: SmallLab): Promise<string[]> {
  const { plan, options = [], isSpot = false, meanwhile, afterwards } = scenario
  Object.assign(lab.behaviour, { boot: 'ready', run: 'result' })
  lab.double.faults.clear()
  plan?.(lab)
  const config = isSpot ? lab.spotConfig : lab.config
  const before = lab.experiments()
  const newest = () => lab.experiments().find((each) => !before.includes(each) && lab.logOf(each) !== '')
  const bench = lab.start('full', '--test-plan', lab.plan, '--config', config, ...options)
  await meanwhile?.({ bench, lab, newest })
  let ended = await bench.finished
  if (afterwards !== undefined) ended = await afterwards(lab)
  const faults: string[] = []
  const expectThat = (holds: boolean, what: string) => {
    if (!holds) faults.push(what)
  }
  expectThat(ended.exitCode === scenario.exitCode, `exit code ${ended.exitCode}, not ${scenario.exitCode}`)
  expectThat(scenario.told.test(ended.stderr), `it does not tell ${scenario.told}`)
  expectThat(lab.experiments().length === before.length + 1, 'not one experiment more')
  const id = newest()
  if (id === undefined) return [...faults, 'no experiment', `stderr:\n${ended.stderr}`]
  const log = lab.logOf(id)
  let from = 0
  for (const line of scenario.story) {
    const at = log.slice(from).search(line)
    expectThat(at >= 0, `the log does not tell ${line} in its place`)
    if (at >= 0) from += at
  }
  const { state } = lab.recordOf(id)
  expectThat(state === (scenario.state ?? 'ended'), `state ${state}`)
  const { added, lost } = await lab.strangers()
  expectThat(added.length === 0, `left: ${JSON.stringify(added)}`)
  expectThat(lost.length === 0, `taken from others: ${JSON.stringify(lost)}`)
  if (faults.length > 0) faults.push(`stderr:\n${ended.stderr}`, `log:\n${log.slice(-6_000)}`)
  return faults
}
