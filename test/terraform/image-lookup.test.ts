// Goal: Terraform takes the very image that `bench ami latest` prints. Method: modules/image with the real AWS provider, and
// bench's own look-up, over the same images of the AWS test double: of several versions, ages, projects and makers.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { newestImage } from '../../src/lab/images/find-images.ts'
import { clientsOf, REGION } from '../aws/double/clients.ts'
import { startAwsDouble } from '../aws/double/double.ts'
import { awsTools } from '../aws/double/moto.ts'
import { makeOwnImages } from '../aws/double/own-images.ts'
import { pollUntil } from '../support/poll.ts'
import { skipLoudly } from '../support/skip.ts'
import { testFolder } from '../workload/files.ts'
import { providerMirror, ROOT } from './terraform.ts'

const LIMIT_MS = 300_000
const never = new AbortController().signal
const folder = testFolder()
afterAll(() => folder.remove())

const mirror = providerMirror()
const tools = await awsTools(console.log)
const missing =
  Bun.which('terraform') === null
    ? 'terraform on the PATH'
    : mirror === null
      ? 'a mirror of the AWS provider (BENCH_TERRAFORM_MIRROR)'
      : typeof tools === 'string'
        ? tools
        : null
const skips = missing !== null && skipLoudly(`Terraform's look-up of images needs ${missing}`)

/** Software and version asked for. */
const ASKED = { exact: '4.3.1', patch: '4.3.*', any: '*', other: '4.4.0' }

function root(): string {
  const modules = Object.entries(ASKED).map(
    ([name, version]) => `
module "${name}" {
  source           = "${join(ROOT, 'terraform/modules/image')}"
  project          = "pulsar-aws-lab"
  software         = "kafka"
  software_version = "${version}"
  architecture     = "x86_64"
}
output "${name}" {
  value = module.${name}.id
}`,
  )
  return `provider "aws" {
  region                      = "${REGION}"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
${modules.join('\n')}
`
}

test.skipIf(skips)(
  'exact, any patch, any version: the same ids',
  async () => {
    if (typeof tools === 'string') return
    const double = await startAwsDouble({ tools, executes: false }, never)
    const clients = clientsOf(double.endpoint)
    try {
      const kafka = (name: string, version: string, tags = {}) => ({ name, software: 'kafka', version, tags })
      await makeOwnImages(clients, [
        kafka('old', '4.3.1'),
        kafka('patch', '4.3.2'),
        kafka('minor', '4.4.0'),
        { name: 'pulsar', software: 'pulsar', version: '4.3.1' },
      ])
      // Ages are told in seconds; of one second, nobody says which is the newest.
      const secondOf = (ms: number) => Math.floor(ms / 1000)
      const made = secondOf(Date.now())
      await pollUntil('another second', LIMIT_MS, () => secondOf(Date.now()) > made)
      await makeOwnImages(clients, [
        kafka('newest', '4.3.1'),
        kafka('foreign', '4.3.9', { Project: 'neighbour' }),
      ])
      const found = await lookUp(double.env)
      const context = { aws: double.client, clock: new SystemClock(), random: Math.random, log: () => {} }
      const common = { project: 'pulsar-aws-lab', software: 'kafka', architecture: 'x86_64' }
      for (const [name, version] of Object.entries(ASKED)) {
        const own = await newestImage(clients.ec2, { ...common, version }, context, never)
        expect({ name, id: found[name] }).toEqual({ name, id: own!.id })
      }
      expect(found.exact).toBe(found.any)
      expect(found.other).not.toBe(found.any)
    } finally {
      clients.destroy()
      await double.close()
    }
  },
  LIMIT_MS,
)

async function lookUp(env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const settings = folder.write(
    'terraform.rc',
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
  )
  const cwd = join(folder.path, 'root')
  folder.write('root/main.tf', root())
  const terraform = async (...args: string[]) => {
    const child = Bun.spawn(['terraform', ...args, '-no-color'], {
      cwd,
      env: { ...process.env, ...env, TF_CLI_CONFIG_FILE: settings, CHECKPOINT_DISABLE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
    })
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    expect({ args, code: await child.exited, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) })
    return stdout
  }
  await terraform('init')
  await terraform('apply', '-auto-approve', '-input=false')
  const outputs = JSON.parse(await terraform('output', '-json')) as Record<string, { value: string }>
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
}
