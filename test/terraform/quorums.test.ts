// Goal: copies of Pulsar's messages that cannot be are refused by the root, in words that name the field and what it is held
// against, and by the configuration alike. Method: Terraform itself over the variables of terraform/aws, without a provider;
// the same cases by the configuration's reader.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { readLabConfig } from '../../src/lab/config/lab-config.ts'
import { terraformVariables } from '../../src/lab/config/terraform-variables.ts'
import { variableBlocks } from '../lab/config/hcl-variables.ts'
import { skipLoudly } from '../support/skip.ts'
import { testFolder } from '../workload/files.ts'
import { ROOT } from './terraform.ts'

const LIMIT_MS = 120_000
const folder = testFolder()
afterAll(() => folder.remove())
const missing = Bun.which('terraform') === null && skipLoudly('no terraform on the PATH')

interface Copies {
  readonly ensemble_size?: number
  readonly write_quorum?: number
  readonly ack_quorum?: number
}
/** Bookies, copies, and what the root says; null: nothing. */
const CASES: readonly (readonly [number, Copies, string | null])[] = [
  [5, {}, null],
  [1, {}, null],
  [5, { ensemble_size: 5, write_quorum: 4, ack_quorum: 4 }, null],
  [2, { ack_quorum: 2 }, null],
  [5, { write_quorum: 4 }, 'pulsar.broker.write_quorum: expected at most ensemble_size (3; by default 3'],
  [2, { write_quorum: 3 }, 'pulsar.broker.write_quorum: expected at most ensemble_size (2; by default 3'],
  [5, { ack_quorum: 4 }, 'pulsar.broker.ack_quorum: expected at most write_quorum (3; by default 3'],
  [5, { ensemble_size: 2, ack_quorum: 3 }, 'pulsar.broker.ack_quorum: expected at most write_quorum (2;'],
  [2, { ensemble_size: 3 }, 'pulsar.broker.ensemble_size: expected at most bookkeeper.count (2), got 3'],
  [
    3,
    { ack_quorum: 0 },
    'expected whole numbers from 1 to 40 in ensemble_size, write_quorum and ack_quorum, got 0',
  ],
  [3, { write_quorum: 1.5 }, 'write_quorum and ack_quorum, got 1.5'],
]

async function terraform(...args: string[]): Promise<{ code: number; said: string }> {
  const env = {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_CLI_CONFIG_FILE: '/dev/null',
  }
  const child = Bun.spawn(['terraform', ...args, '-input=false', '-no-color'], {
    cwd: join(folder.path, 'module'),
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
  })
  const stderr = await new Response(child.stderr).text()
  // Lines are broken to fit, within a frame.
  return { code: await child.exited, said: stderr.replaceAll(/[\s│]+/g, ' ') }
}

test.skipIf(missing)(
  'the root refuses what cannot be, and takes the rest',
  async () => {
    folder.write('module/variables.tf', variableBlocks(join(ROOT, 'terraform/aws')).join('\n'))
    expect((await terraform('init')).code).toBe(0)
    const bare = await readLabConfig(folder.write('infrastructure.yaml', 'aws: {}\n'))
    const common = terraformVariables(bare, { experimentId: 'exp-1', startedMs: 0, benchArchive: null })
    for (const [count, broker, message] of CASES) {
      const pulsar = { bookkeeper: { count }, broker }
      folder.write('module/values.tfvars.json', JSON.stringify({ ...common, pulsar }))
      const { code, said } = await terraform('plan', '-var-file=values.tfvars.json')
      expect({ count, broker, code, said }).toEqual({
        ...{ count, broker, code: message === null ? 0 : 1 },
        said: message === null ? expect.any(String) : expect.stringContaining(message),
      })
    }
  },
  LIMIT_MS,
)

test('the configuration refuses the same', async () => {
  for (const [count, broker, message] of CASES) {
    folder.write('pulsar-cluster.yaml', JSON.stringify({ broker }))
    const file = folder.write('infrastructure.yaml', JSON.stringify({ compute: { bookkeeper: { count } } }))
    const refused = await readLabConfig(file).then(
      () => false,
      () => true,
    )
    expect({ count, broker, refused }).toEqual({ count, broker, refused: message !== null })
  }
})
