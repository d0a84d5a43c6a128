import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import type { LabConfig } from '../../lab/config/lab-config.ts'
import type { CloudPlan } from '../../lab/experiment/cloud-plan.ts'
import type { LabPrices } from '../../lab/experiment/prices.ts'
import { formatDuration } from '../../workload/duration.ts'
import type { Output } from '../output.ts'

/** Shows what would be made, run and paid; nothing of AWS is needed. `plan` is null for a setup alone. */
export function tellDryRun(
  config: LabConfig,
  plan: CloudPlan | null,
  prices: LabPrices | null,
  flags: { readonly json: boolean },
  out: Output,
): ExitCode {
  const hours = plan?.hours ?? 1
  const price = prices?.ofPlan(config, hours) ?? null
  const unknownPrices = prices?.unknownOf(config) ?? []
  const { region } = config.aws
  if (flags.json) {
    const machines = config.machines.map(({ role, count, instanceType }) => ({ role, count, instanceType }))
    const { runs = [], totalSeconds = null, maximumSeconds = null } = plan?.description ?? {}
    const cost = price === null ? null : { usd: price.usd, usdPerHour: price.usdPerHour }
    out.stdout(
      JSON.stringify({
        region,
        ttlS: config.ttlS,
        machines,
        runs,
        totalSeconds,
        maximumSeconds,
        hours,
        cost,
        unknownPrices,
      }),
    )
    return EXIT.ok
  }
  const spot = config.aws.use_spot_instances ? ', spot' : ''
  out.stdout(`${config.name} in ${region}; anybody may end it after ${formatDuration(config.ttlS)}:`)
  for (const { role, count, instanceType, dataVolume } of config.machines) {
    const volume = dataVolume === null ? '' : `, ${dataVolume.sizeGiB} GiB ${dataVolume.type}`
    out.stdout(`  ${count} x ${role}: ${instanceType}${spot}${volume}`)
  }
  for (const line of plan?.description.lines ?? []) out.stdout(line)
  out.stdout(priceLine(price, plan))
  for (const each of unknownPrices) out.stdout(`  no price is known of ${each} (--prices FILE)`)
  for (const line of price?.lines ?? []) out.stdout(`  ${line}`)
  return EXIT.ok
}

function priceLine(price: ReturnType<LabPrices['ofPlan']>, plan: CloudPlan | null): string {
  if (price === null) return 'price: not known'
  const hourly = `about $${price.usdPerHour.toFixed(2)} an hour`
  if (plan === null) return `price: ${hourly}`
  return `price: ${hourly}, $${price.usd.toFixed(2)} in all for about ${plan.hours.toFixed(1)} hours`
}
