// Goal: the instances' own boot scripts make one Kafka cluster of three nodes, and bench measures it as soon as it is
// ready: whoever asks a cluster first finds things that are not made yet. Method: the AWS test double without Terraform;
// three instances boot the real user data from this machine's files, with Kafka and Java of the cache, and a fourth runs
// bench. `npm run proof:lab` does the same for all systems, with Terraform and images.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RunInstancesCommand } from '@aws-sdk/client-ec2'
import { kafkaLibraries } from '../../../src/brokers/kafka/kafka-libraries.ts'
import { installedJava } from '../../../src/brokers/provision/index.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { openRemoteShell } from '../../../src/lab/aws/ssm.ts'
import { anyImage, makeSite } from '../../aws/double/account.ts'
import { missingForBoxes } from '../../aws/double/box/world.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { startAwsDouble } from '../../aws/double/double.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { skipLoudly } from '../../support/skip.ts'
import { ROOT } from '../../terraform/terraform.ts'
import { composeUserData, kafkaSettings } from '../../terraform/user-data.ts'

const LIMIT_MS = 600_000
const NODES = ['10.0.1.110', '10.0.1.111', '10.0.1.112']
const CLIENT = '10.0.1.200'
const signal = AbortSignal.timeout(LIMIT_MS)
const quiet = () => {}

async function whatIsMissing(): Promise<string | null> {
  const noBoxes = missingForBoxes()
  if (noBoxes !== null) return noBoxes
  if (Bun.which('useradd') === null) return 'useradd'
  // What the unit runs; a Java of the cache may lie where users of services cannot read.
  const java = existsSync('/usr/bin/java') ? await installedJava(signal) : null
  return java === null ? 'Java 17 in /usr/bin' : null
}

const missing = await whatIsMissing()
const tools = missing === null ? await awsTools(console.log) : missing
const skips = typeof tools === 'string' && skipLoudly(`whole clusters of instances need ${tools}`)
const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends.toReversed()) await end()
}, LIMIT_MS)

/** What an image would hold, then the boot script. */
function kafkaNode(libraries: string, index: number): string {
  const image = `set -e
id kafka >/dev/null 2>&1 || useradd --system --user-group kafka
mkdir -p /opt/kafka/libs
mount --bind '${libraries}' /opt/kafka/libs`
  const units = ['kafka', 'spot-watch']
  const settings = kafkaSettings(NODES, index)
  const boot = composeUserData({ role: 'kafka', settings, units, programs: ['spot-watch'] })
  return `#!/bin/bash\n${image}\n${boot}`
}

async function runAt(clients: Clients, site: Awaited<ReturnType<typeof makeSite>>, at: string, text: string) {
  const { Instances = [] } = await clients.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: await anyImage(clients), InstanceType: 't3.small', MinCount: 1, MaxCount: 1 },
      ...{ SubnetId: site.subnetId, SecurityGroupIds: [site.groupId], PrivateIpAddress: at },
      IamInstanceProfile: { Name: site.profile },
      UserData: Buffer.from(text).toString('base64'),
    }),
  )
  return Instances[0]!.InstanceId!
}

const WAIT = `for _ in $(seq 300); do
  case $(cat /var/lib/bench/boot-state 2>/dev/null) in ready*|failed*) break ;; esac
  sleep 1
done
cat /var/lib/bench/boot-state; tail -n 30 /var/log/cloud-init-output.log /var/log/kafka.log`

const MEASURE = `export HOME=/root BENCH_HOME=/tmp/experiments
printf 'name: kafka\\ndriver: kafka\\nservers: [${NODES.map((node) => `"${node}:9092"`).join(', ')}]\\n' >/tmp/kafka.yaml
'${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' run '${join(ROOT, 'workloads/poc.yaml')}' --drivers /tmp/kafka.yaml \\
  --rate 200 --warmup 1s --duration 3s --workers 1 --quiet >&2
echo "status $?"
grep -oE '"(brokers|replicationFactor)": *"[0-9]+"' /tmp/experiments/latest/result.json | tr -d ' ' | sort -u`

test.skipIf(skips)(
  'three nodes boot into one cluster, which carries the first group at once',
  async () => {
    if (typeof tools === 'string') return
    const libraries = await kafkaLibraries(console.log, signal)
    const files = {
      '/usr/local/bin/systemctl': readFileSync(join(ROOT, 'test/terraform/systemctl'), 'utf8'),
    }
    const shared = [ROOT, dirname(process.execPath), libraries]
    const double = await startAwsDouble({ tools, files, shared }, signal)
    ends.push(() => double.close())
    const clients = clientsOf(double.endpoint)
    ends.push(async () => clients.destroy())
    const site = await makeSite(clients, 'cluster', {})
    const nodes: string[] = []
    for (const [i, address] of NODES.entries())
      nodes.push(await runAt(clients, site, address, kafkaNode(libraries, i)))
    const client = await runAt(clients, site, CLIENT, '#!/bin/bash\n')
    const context = { aws: double.client, clock: new SystemClock(), random: Math.random, log: quiet }
    const shell = await openRemoteShell(context)
    ends.push(async () => shell.close())
    await shell.waitUntilManaged([...nodes, client], LIMIT_MS, signal)
    const watch = { instanceIds: nodes, title: 'boot state', script: WAIT, limitMs: LIMIT_MS }
    for (const { stdout } of await shell.run(watch, signal)) expect(stdout).toStartWith('ready after ')
    const measure = { instanceIds: [client], title: 'measure', script: MEASURE, limitMs: LIMIT_MS }
    const [outcome] = await shell.run(measure, signal)
    const { stdout, stderr } = outcome!
    const [status, ...facts] = stdout.trim().split('\n')
    // 6: the machine was too busy for figures, which are not asked for here.
    expect(['status 0', 'status 6'], stderr).toContain(status!)
    expect(facts).toEqual(['"brokers":"3"', '"replicationFactor":"3"'])
  },
  LIMIT_MS,
)
