import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, spawnServer, waitUntil } from '../../../src/brokers/process/index.ts'
import { cacheEntry } from '../../../src/brokers/provision/cache.ts'
import { mustRun } from '../../../src/brokers/provision/command.ts'
import { REGION } from './clients.ts'

/** moto and the AWS command line, which boot scripts use; both are pinned, and live in the cache. */
const PACKAGES = ['moto[server,ec2,ssm,ce,s3,iam,sts,resourcegroupstaggingapi]==5.2.5', 'awscli==1.46.2']
const ENTRY = 'python-aws-double-5.2.5'
const INSTALL_LIMIT_MS = 420_000
const START_LIMIT_MS = 120_000

/** The account that moto plays. */
export const ACCOUNT = '123456789012'

/** Where the tools are: a virtual environment in the cache. */
export interface AwsTools {
  readonly home: string
}

/** Brings moto and the command line into the cache; a sentence of what is missing when that cannot be. */
export async function awsTools(log: (line: string) => void): Promise<AwsTools | string> {
  const python = Bun.which('python3')
  if (python === null) return 'python3, which is not on the PATH'
  const signal = AbortSignal.timeout(INSTALL_LIMIT_MS)
  const hint = 'python3 with venv and pip, and the package index, are needed'
  const step = (command: string, args: readonly string[]) =>
    mustRun({ command, args, limitMs: INSTALL_LIMIT_MS, what: 'the AWS test double', hint }, signal)
  try {
    const home = await cacheEntry(
      ENTRY,
      async (temporary, final) => {
        log(`installing ${PACKAGES.join(' and ')}, once`)
        await step(python, ['-m', 'venv', temporary])
        await step(join(temporary, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...PACKAGES])
        // Its scripts name the interpreter by its path.
        await step('sh', [
          '-c',
          `grep -lrI "${temporary}" "${temporary}/bin" | xargs sed -i "s#${temporary}#${final}#g"`,
        ])
      },
      signal,
    )
    return { home }
  } catch (error) {
    return `${hint}: ${(error as Error).message}`
  }
}

/** A moto server of our own, on loopback. */
export interface Moto {
  readonly endpoint: string
  readonly logFile: string
  stop(): Promise<void>
}

export interface MotoOptions {
  readonly tools: AwsTools
  /** Takes its log and its list of images. */
  readonly folder: string
  /** Whether AWS's own policies exist, such as AmazonSSMManagedInstanceCore: loading them takes seconds. */
  readonly hasManagedPolicies: boolean
}

// Without them every image and type is accepted.
const STRICT = { MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true', MOTO_ENABLE_AMI_VALIDATION: 'true' }

/** Starts moto. */
export async function startMoto(options: MotoOptions, signal: AbortSignal): Promise<Moto> {
  const { tools, folder, hasManagedPolicies } = options
  mkdirSync(folder, { recursive: true })
  const images = join(folder, 'images.json')
  writeFileSync(images, JSON.stringify([...amazonLinux(tools), DEBIAN]))
  const [port] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const choices = {
    MOTO_AMIS_PATH: images,
    MOTO_IAM_LOAD_MANAGED_POLICIES: String(hasManagedPolicies),
  }
  const server = spawnServer({
    command: join(tools.home, 'bin/python'),
    args: [join(import.meta.dir, 'moto-main.py'), String(port)],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      MOTO_PORT: String(port),
      ...STRICT,
      ...choices,
    },
    cwd: folder,
    logFile: join(folder, 'moto.log'),
    signal,
  })
  const probe = async (until: AbortSignal) => {
    const answer = await fetch(`${endpoint}/moto-api/data.json`, { signal: until })
    await answer.arrayBuffer()
    return answer.ok
  }
  await waitUntil(probe, { limitMs: START_LIMIT_MS, everyMs: 100, what: 'moto', server }, signal)
  return { endpoint, logFile: server.logFile, stop: () => server.kill() }
}

const DEBIAN = {
  ami_id: 'ami-0deb1a12000000001',
  name: 'debian-12-amd64-20261101-2284',
  description: 'Debian 12 (20261101-2284)',
  owner_id: '136693071363',
  image_location: 'amazon/debian-12-amd64-20261101-2284',
  ...{ architecture: 'x86_64', hypervisor: 'xen', virtualization_type: 'hvm', image_type: 'machine' },
  ...{ platform: null, public: true, state: 'available', sriov: 'simple' },
  ...{ root_device_name: '/dev/xvda', root_device_type: 'ebs' },
}

/**
 * Those images that the public parameters `/aws/service/ami-amazon-linux-latest/al2023-…-x86_64` name. moto knows
 * thirteen hundred more, and reads them all again in every call that names an image.
 */
function amazonLinux({ home }: AwsTools): Record<string, unknown>[] {
  const path = `lib/python3*/site-packages/moto/ec2/resources/latest_amis/${REGION}.json.gz`
  const [file] = [...new Bun.Glob(path).scanSync({ cwd: home })]
  if (file === undefined) throw new Error(`expected ${path} below ${home}`)
  const all = JSON.parse(new TextDecoder().decode(Bun.gunzipSync(readFileSync(join(home, file)))))
  return all.filter(
    ({ name, architecture }: { name: string; architecture: string }) =>
      name.startsWith('al2023-ami') && architecture === 'x86_64',
  )
}
