// Goal: `bench ami build` calls packer rightly, keeps its output, believes only an image that the account shows, and
// removes what a failed or interrupted build left. Method: a stand-in executable named packer, which checks nothing of
// Packer itself: it shows the command line, environment and variables that it was given, then makes an image in the test
// double by AWS's command line, or fails, or waits to be stopped. Templates are read in test/terraform/packer.test.ts.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { anyImage, makeSite, runInstances } from '../../aws/double/account.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { packerTags } from '../../aws/double/own-images.ts'
import { addedSince, scan, type Thing } from '../../aws/double/scan.ts'
import { benchHome } from '../../support/bench.ts'
import { skipLoudly } from '../../support/skip.ts'
import { testFolder } from '../../workload/files.ts'

const LIMIT_MS = 180_000
const tools = await awsTools(console.log)
const skips = typeof tools === 'string' && skipLoudly(`the AWS test double needs ${tools}`)
const home = benchHome()
const folder = testFolder()
const bin = join(folder.path, 'bin')
const calls = join(folder.path, 'calls')
const variablesSeen = join(folder.path, 'variables')

/** Plays packer; `$PLAY` is the script of its `build`. */
const STAND_IN = `#!/bin/bash
echo "$@" >>${calls}
for argument; do case $argument in -var-file=*) file=\${argument#-var-file=} ;; esac; done
if [ "$1" = init ]; then exit 0; fi
cat "$file" >${variablesSeen}; stat -c %a "$file" >>${variablesSeen}.mode
echo "==> kafka.amazon-ebs.amazon_linux: Creating AMI"
eval "$PLAY"
`

let double: AwsDouble
let clients: Clients
let instanceId: string
let before: readonly Thing[]
beforeAll(async () => {
  mkdirSync(bin)
  writeFileSync(join(bin, 'packer'), STAND_IN)
  chmodSync(join(bin, 'packer'), 0o755)
  if (typeof tools === 'string') return
  double = await startAwsDouble({ tools, executes: false }, new AbortController().signal)
  clients = clientsOf(double.endpoint)
  const site = await makeSite(clients, 'neighbour', {})
  ;[instanceId] = (await runInstances(clients, site, { count: 1, tags: {} })) as [string]
  before = await scan(double)
}, LIMIT_MS)
afterEach(() => writeFileSync(calls, ''))
afterAll(async () => {
  clients?.destroy()
  await double?.close()
  home.remove()
  folder.remove()
}, LIMIT_MS)

const env = (play: string) => ({
  ...double?.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  PLAY: play,
  AWS_DEFAULT_REGION: 'us-west-2',
  AWS: typeof tools === 'string' ? '' : join(tools.home, 'bin/aws'),
})
const build = (play: string, ...args: string[]) =>
  home.run(['ami', 'build', '--broker', 'kafka', ...args], { env: env(play), cwd: folder.path })

function createImage(name: string, tags: Readonly<Record<string, string>>): string {
  const text = Object.entries(tags)
    .map(([key, value]) => `{Key=${key},Value=${value}}`)
    .join(',')
  const options = `--instance-id ${instanceId} --name ${name} --query ImageId --output text`
  return `id=$($AWS ec2 create-image ${options} --tag-specifications 'ResourceType=image,Tags=[${text}]')
echo '--> kafka.amazon-ebs.amazon_linux: AMIs were created:'; echo "us-west-2: $id"`
}

const KAFKA = packerTags({ name: '', software: 'kafka', version: '4.3.1' })

describe.skipIf(skips)('packer', () => {
  test(
    'is asked for one image, gets its variables by a file that is gone afterwards, and its id is all of stdout',
    async () => {
      const play = createImage('bench-kafka-1', KAFKA)
      const { exitCode, stdout, stderr } = await build(play, '--tag', 'team=a', '--var', 'subnet_id=subnet-1')
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) })
      expect(stdout).toMatch(/^ami-[0-9a-f]+\n$/)
      const [init, call] = readFileSync(calls, 'utf8').trim().split('\n')
      expect(init).toMatch(/^init \/.*\/packer$/)
      const [, file] = /-var-file=(\S+)/.exec(call!)!
      expect(call).toMatch(
        /^build -color=false -on-error=cleanup -only=kafka\.amazon-ebs\.amazon_linux -var-file=\S+ \/.*\/packer$/,
      )
      expect(existsSync(file!)).toBe(false)
      expect(readFileSync(`${variablesSeen}.mode`, 'utf8')).toBe('600\n')
      const variables = JSON.parse(readFileSync(variablesSeen, 'utf8'))
      expect(variables).toEqual({
        ...{ region: 'us-west-2', project: 'pulsar-aws-lab', architecture: 'x86_64', tags: { team: 'a' } },
        run_tags: {
          ExperimentID: expect.stringMatching(/^image-build-/),
          Experiment: 'image-build',
          TTL: expect.any(String),
        },
        subnet_id: 'subnet-1',
      })
      const [log] = readdirSync(join(home.path, 'images'))
      expect(stderr).toContain(`log: ${join(home.path, 'images', log!)}`)
      expect(stderr).toContain('==> kafka.amazon-ebs.amazon_linux: Creating AMI')
      expect(readFileSync(join(home.path, 'images', log!), 'utf8')).toContain('AMIs were created:')
      before = await scan(double)
    },
    LIMIT_MS,
  )

  test(
    'that fails is quoted, and what it left is removed by the tag of the build, images and neighbours not',
    async () => {
      const play = `tag=$(sed -n 's/.*"ExperimentID": "\\(.*\\)",/\\1/p' "$file")
$AWS ec2 create-security-group --group-name rest --description rest --tag-specifications "ResourceType=security-group,Tags=[{Key=ExperimentID,Value=$tag}]"
$AWS ec2 run-instances --image-id ${await anyImage(clients)} --instance-type t3.small --tag-specifications "ResourceType=instance,Tags=[{Key=ExperimentID,Value=$tag}]" >/dev/null
echo 'amazon-ebs: Timeout waiting for SSH.' >&2; exit 1`
      const { exitCode, stdout, stderr } = await build(play)
      expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
      expect(stderr).toContain('expected packer build to succeed, got status 1:')
      expect(stderr).toContain('amazon-ebs: Timeout waiting for SSH.')
      expect(stderr).toMatch(/removing instance i-\w+/)
      expect(stderr).toMatch(/hint: all it said: \S+\.log/)
      expect(addedSince(before, await scan(double))).toEqual([])
      expect(addedSince(await scan(double), before)).toEqual([])
    },
    LIMIT_MS,
  )

  test(
    'is interrupted once by Ctrl-C, given its time, and the status is 130',
    async () => {
      const marker = join(folder.path, 'interrupted')
      const play = `trap 'echo once >>${marker}; echo "==> cleaned by packer"; exit 1' INT; echo '==> waiting'; while :; do sleep 0.1; done`
      const running = home.start(['ami', 'build', '--broker', 'kafka'], { env: env(play), cwd: folder.path })
      await running.seen('==> waiting')
      running.signal('SIGINT')
      const { exitCode, stderr } = await running.finished
      expect(exitCode).toBe(130)
      expect(readFileSync(marker, 'utf8')).toBe('once\n')
      expect(stderr).toContain('==> cleaned by packer')
      expect(stderr).toContain('resources of image-build-')
    },
    LIMIT_MS,
  )

  test(
    'that names no image, or one that the account does not show with our tags, is not believed',
    async () => {
      const silent = await build('true')
      expect([silent.exitCode, silent.stderr]).toEqual([
        4,
        expect.stringContaining('expected packer to name an image'),
      ])
      const untagged = await build(createImage('bench-untagged', { Name: 'x' }))
      expect([untagged.exitCode, untagged.stderr]).toEqual([
        4,
        expect.stringMatching(/expected ami-\w+ with the tags of kafka, got \{"Name":"x"\}/),
      ])
    },
    LIMIT_MS,
  )
})

test(
  'without packer there is one clear error, and nothing is asked of AWS',
  async () => {
    const nowhere = { PATH: folder.path, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }
    const { exitCode, stdout, stderr } = await home.run(['ami', 'build', '--broker', 'kafka'], {
      env: nowhere,
    })
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
    expect(stderr).toMatch(
      /^log: .*\nerror: expected packer on the PATH, which makes the images; found none\nhint: install it: https:\S+\n$/,
    )
  },
  LIMIT_MS,
)

describe('versions and their sums', () => {
  const dry = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await home.run(['ami', 'build', '--dry-run', '--json', ...args], {
      cwd: folder.path,
    })
    if (exitCode !== 0) return `${exitCode} ${stderr}`
    const { region, project, architecture, tags, run_tags, ...own } = JSON.parse(stdout).variables
    return own
  }
  const sum = `sha256:${'0'.repeat(64)}`
  const cases: readonly (readonly [string, unknown])[] = [
    ['--broker kafka', {}],
    ['--broker kafka --version 4.3.1', { kafka_version: '4.3.1' }],
    ['--broker kafka --version 4.2.0', { kafka_version: '4.2.0', kafka_checksum: 'published' }],
    [`--broker kafka --version 4.2.0 --checksum ${sum}`, { kafka_version: '4.2.0', kafka_checksum: sum }],
    ['--broker pulsar --version 3.0.0', { pulsar_version: '3.0.0', pulsar_checksum: 'published' }],
    ['--broker rabbitmq --version 4.2.0', /^2 .*expected --checksum with rabbitmq 4\.2\.0/],
    [
      `--broker rabbitmq --version 4.2.0 --checksum ${sum}`,
      { rabbitmq_version: '4.2.0', rabbitmq_checksum: sum },
    ],
    ['--broker rabbitmq --version 3.10.8 --system debian', { rabbitmq_debian_version: '3.10.8' }],
    [`--broker rabbitmq --system debian --checksum ${sum}`, /^2 .*expected no --checksum with rabbitmq/],
    ['--broker client', {}],
    ['--broker client --version 2', { client_version: '2' }],
    ['--broker kafka --version 4.*', /^2 .*expected an exact --version to build, got "4\.\*"/],
    ['--broker kafka --var kafka_versoin=1', /^2 .*did you mean: kafka_version/s],
    ['--broker kafka --checksum md5:1', /^2 .*expected --checksum to be/],
    ['--broker kafka --system windows', /^2 .*expected --system to be one of amazon-linux, debian/],
    ['--broker kafka --tag Project=x', /^3 .*Project is set for you/s],
  ]
  test.each(cases)(
    '%s',
    async (args, expected) => {
      const got = await dry(...args.split(' '))
      if (expected instanceof RegExp) expect(got).toMatch(expected)
      else expect(got).toEqual(expected)
    },
    LIMIT_MS,
  )

  test(
    'the configuration says which: exact, or any that the pinned one is of',
    async () => {
      const config = (text: string) => ['--config', folder.write('build.yaml', text)]
      expect(await dry(...config('pulsar_version: "3.0.0"\n'))).toEqual({
        ...{ pulsar_version: '3.0.0', pulsar_checksum: 'published' },
      })
      expect(await dry(...config('pulsar_version: "4.0.*"\n'))).toEqual({})
      expect(await dry(...config('pulsar_version: "3.0.*"\n'))).toMatch(/^2 .*expected an exact --version/)
      const { stdout } = await home.run([
        'ami',
        'build',
        '--dry-run',
        '--system',
        'debian',
        '--broker',
        'kafka',
      ])
      expect(stdout).toContain('-only=kafka.amazon-ebs.debian')
    },
    LIMIT_MS,
  )
})
