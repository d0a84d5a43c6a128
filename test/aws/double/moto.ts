import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, spawnServer, waitUntil } from '../../../src/brokers/process/index.ts'
import { cacheEntry } from '../../../src/brokers/provision/cache.ts'
import { mustRun } from '../../../src/brokers/provision/command.ts'

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

// Without them every image and type is accepted, and no managed policy exists.
const STRICT = {
  MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true',
  MOTO_ENABLE_AMI_VALIDATION: 'true',
  MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
}

/** Starts moto; `folder` takes its log. */
export async function startMoto(tools: AwsTools, folder: string, signal: AbortSignal): Promise<Moto> {
  mkdirSync(folder, { recursive: true })
  const [port] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const server = spawnServer({
    command: join(tools.home, 'bin/python'),
    args: [join(import.meta.dir, 'moto-main.py'), String(port)],
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, MOTO_PORT: String(port), ...STRICT },
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
