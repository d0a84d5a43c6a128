import { chmodSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type AwsTools, awsTools } from '../aws/double/moto.ts'
import { ROOT } from '../support/bench.ts'
import type { TestFolder } from '../workload/files.ts'
import type { SmallLab } from './experiment/support.ts'

/** Programs on the PATH of bench that a test plays, and the environment that finds them. */
export interface PlayedTools {
  readonly env: Readonly<Record<string, string>>
  /** Adds a program of this name, before all others. */
  program(name: string, script: string): void
}

/** The command that plays Terraform: it makes a small experiment in the double. */
export const PLAYED_TERRAFORM = `'${process.execPath}' '${join(ROOT, 'test/lab/experiment/stand-in/terraform.ts')}'`

/** Terraform is played at first; AWS's command line is real, and everything speaks to the double. */
export async function playedTools(lab: SmallLab, folder: TestFolder): Promise<PlayedTools> {
  const { home } = (await awsTools(console.log)) as AwsTools
  const program = (name: string, script: string) =>
    chmodSync(folder.write(`bin/${name}`, `#!/bin/bash\n${script}`), 0o755)
  program('terraform', `exec ${PLAYED_TERRAFORM} "$@"\n`)
  const env = {
    ...lab.double.env,
    ...{ AWS_DEFAULT_REGION: 'us-west-2', AWS_EC2_METADATA_DISABLED: 'true' },
    // Neither credentials nor settings of whoever runs the tests.
    ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
    BENCH_TERRAFORM: join(ROOT, 'test/lab/experiment/small'),
    PATH: [join(folder.path, 'bin'), process.env.PATH, join(home, 'bin')].join(delimiter),
  }
  return { env, program }
}
