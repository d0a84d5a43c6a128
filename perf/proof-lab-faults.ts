/**
 * Question: whatever goes wrong in the life of a cloud experiment, is nothing of it left, and everything of others?
 *
 * Every scenario of test/lab/experiment/scenarios.ts (a fault at each step, bench killed -9 among them), with the real
 * Terraform provider against the test double. Needs root on Linux, `terraform` and a filesystem mirror with
 * hashicorp/aws (`BENCH_TERRAFORM_MIRROR`, else one found below the root); `--stand-in` takes the tests' stand-in for
 * Terraform instead. `--only TEXT` plays those whose name holds the text. Ends with 1 when anything is not as it must be.
 */
import { terraformMirror } from '../test/lab/experiment/mirror.ts'
import { play, SCENARIOS } from '../test/lab/experiment/scenarios.ts'
import { missingForLab, openSmallLab } from '../test/lab/experiment/support.ts'

const log = (line: string) => console.error(`proof: ${line}`)

async function main(args: readonly string[]): Promise<number> {
  const usesStandIn = args.includes('--stand-in')
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1]! : ''
  const mirror = usesStandIn ? null : terraformMirror()
  const missing =
    (await missingForLab()) ??
    (usesStandIn || Bun.which('terraform') !== null ? null : 'terraform on the PATH') ??
    (usesStandIn || mirror !== null
      ? null
      : 'a filesystem mirror with hashicorp/aws (BENCH_TERRAFORM_MIRROR)')
  if (missing !== null) {
    log(`expected ${missing}; nothing was tried`)
    return 2
  }
  const lab = await openSmallLab({ mirror })
  let failed = 0
  try {
    const chosen = SCENARIOS.filter(({ name }) => name.includes(only))
    for (const scenario of chosen) {
      const sinceMs = performance.now()
      const faults = await play(scenario, lab)
      const took = `${Math.round((performance.now() - sinceMs) / 1000)} s`
      log(`${faults.length === 0 ? 'ok' : 'FAULT'}: ${scenario.name} (${took})`)
      for (const fault of faults) log(`  ${fault}`)
      if (faults.length > 0) failed++
    }
    log(`${chosen.length - failed} of ${chosen.length} as they must be`)
  } finally {
    await lab.close()
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
