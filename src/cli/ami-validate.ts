import { AppError } from '../errors/app-error.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { imageOfId, isMadeByPacker, type OwnImage } from '../lab/images/find-images.ts'
import { validateImage } from '../lab/images/validate-image.ts'
import { withEc2 } from '../lab/images/with-ec2.ts'
import { requireNewest } from './ami-list.ts'
import { type AmiOptions, amiVerb, explained, readAmiOptions } from './ami-options.ts'
import type { Output } from './output.ts'
import { rawValue } from './raw-options.ts'

/** `bench ami validate`: one instance of an image, checked through Systems Manager, and gone again. */
export function runAmiValidate(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return amiVerb(
    'validate',
    'Start one instance of an image, check what is on it, and remove it: 2 to 5 minutes, less than a cent',
    argv,
    (command) =>
      command
        .option('--ami-id <id>', 'The image (default: what bench ami latest prints)')
        .option('--subnet-id <id>', 'Subnet for the instance (default: one of the default VPC)')
        .option('--instance-type <type>', 'Default: t3.small, or t4g.small for arm64')
        .example('bench ami validate --ami-id ami-0123456789abcdef0 --region us-west-2'),
    async () => {
      const options = await readAmiOptions(argv, out)
      const image = await imageToCheck(rawValue(argv, 'ami-id') ?? null, options, signal)
      const subnetId = rawValue(argv, 'subnet-id') ?? null
      const instanceType = rawValue(argv, 'instance-type') ?? null
      const report = await explained('the check', () =>
        validateImage({ image, subnetId, instanceType }, options.context, signal),
      )
      if (options.isJson) out.stdout(JSON.stringify(report))
      else for (const { isOk, text } of report.facts) out.stdout(`${isOk ? 'ok ' : 'BAD'}  ${text}`)
      const bad = report.facts.filter((fact) => !fact.isOk).length
      out.stderr(`${report.imageId}: ${report.facts.length - bad} of ${report.facts.length} checks passed`)
      for (const each of report.left) out.stderr(`LEFT: ${each}`)
      return report.exitCode
    },
  )
}

async function imageToCheck(id: string | null, options: AmiOptions, signal: AbortSignal): Promise<OwnImage> {
  if (id === null) return requireNewest(options, signal)
  const { context, region } = options
  const image = await explained('the look-up of the image', () =>
    withEc2(context, (client) => imageOfId(client, id, context, signal)),
  )
  if (image !== null && isMadeByPacker(image)) return image
  throw new AppError('USAGE', `expected an image in ${region} that bench made, got ${JSON.stringify(id)}`, {
    hint: 'bench ami list',
  })
}
