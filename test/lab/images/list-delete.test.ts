// Goal: `bench ami list`, `latest` and `delete` see the images that bench made and no others, take the newest that an
// experiment would take, and delete an image with its snapshots, a dry run first. Method: the test double, in which ours
// and neighbours' images stand; the command line as a process; a rule of the selection held against a plain reading.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { DeregisterImageCommand } from '@aws-sdk/client-ec2'
import { deleteImages } from '../../../src/lab/images/delete-images.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { DENIED, THROTTLED } from '../../aws/double/faults.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { type ImageClaims, makeOwnImages } from '../../aws/double/own-images.ts'
import { addedSince, scan, type Thing } from '../../aws/double/scan.ts'
import { fastClock } from '../../aws/double/test-clocks.ts'
import { benchHome } from '../../support/bench.ts'
import { skipLoudly } from '../../support/skip.ts'
import { testFolder } from '../../workload/files.ts'
import { contextOf } from '../aws/support.ts'

const LIMIT_MS = 180_000
const tools = await awsTools(console.log)
const skips = typeof tools === 'string' && skipLoudly(`the AWS test double needs ${tools}`)
const home = benchHome()
const folder = testFolder()
const never = new AbortController().signal

const kafka = (name: string, version: string, tags = {}): ImageClaims => ({
  ...{ name: `bench-kafka-${version}-al2023-x86_64-${name}`, software: 'kafka', version, tags },
})
/** By the name under which tests know them; made in this order, within a second or two. */
const IMAGES: Readonly<Record<string, ImageClaims>> = {
  old: kafka('20260101000000', '4.3.1'),
  newest: kafka('20260303000000', '4.3.1', { team: 'data platform' }),
  other: kafka('20260202000000', '4.4.0'),
  pulsar: { name: 'bench-pulsar-4.0.8', software: 'pulsar', version: '4.0.8' },
  client: { name: 'bench-client-1', software: 'client', version: '1' },
  foreign: kafka('20270101000000', '4.3.1', { Project: 'neighbour' }),
  byHand: kafka('20280101000000', '4.3.1', { ManagedBy: 'somebody' }),
}
const id: Record<string, string> = {}

let double: AwsDouble
let clients: Clients
let before: readonly Thing[]
beforeAll(async () => {
  if (typeof tools === 'string') return
  double = await startAwsDouble({ tools, executes: false }, never)
  clients = clientsOf(double.endpoint)
  const ids = await makeOwnImages(clients, Object.values(IMAGES))
  for (const [i, name] of Object.keys(IMAGES).entries()) id[name] = ids[i]!
  before = await scan(double)
}, LIMIT_MS)
afterEach(() => double?.faults.clear())
afterAll(async () => {
  clients?.destroy()
  await double?.close()
  home.remove()
  folder.remove()
}, LIMIT_MS)

const bench = (...args: string[]) => home.run(['ami', ...args], { env: double.env, cwd: folder.path })

describe.skipIf(skips)('list', () => {
  test(
    'all of the project’s, newest first, with what tells them apart',
    async () => {
      const { exitCode, stdout, stderr } = await bench('list', '--region', 'us-west-2', '--json')
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { images } = JSON.parse(stdout)
      const found = images.map((each: { id: string }) => each.id)
      expect(found.toSorted()).toEqual(
        [id.old, id.newest, id.other, id.pulsar, id.client].map((each) => each!).toSorted(),
      )
      const dates = images.map((each: { createdAt: string }) => each.createdAt)
      expect(dates).toEqual(dates.toSorted().reverse())
      const newest = images.find((each: { id: string }) => each.id === id.newest)
      expect(newest).toMatchObject({
        software: 'kafka',
        version: '4.3.1',
        system: 'al2023',
        state: 'available',
      })
      expect(newest.snapshotIds).toHaveLength(1)
      expect(newest.sizeGiB).toBeGreaterThan(0)
    },
    LIMIT_MS,
  )

  test(
    'of one broker and version, as a table with age, size and tags',
    async () => {
      const { stdout } = await bench('list', '--broker', 'kafka', '--version', '4.3.*')
      const [head, ...rows] = stdout.trim().split('\n')
      expect(head!.split(/ {2,}/)).toEqual([
        'id',
        'broker',
        'version',
        'system',
        'processor',
        'age',
        'size',
        'state',
        'tags',
      ])
      expect(rows.map((row) => row.split(' ')[0]!).toSorted()).toEqual([id.old!, id.newest!].toSorted())
      expect(rows.find((row) => row.startsWith(id.newest!))).toMatch(
        / kafka +4\.3\.1 +al2023 +x86_64 +\d+ h +\d+ GiB +available +team=data platform$/,
      )
    },
    LIMIT_MS,
  )

  test(
    'a region without images says so, and exits with 0',
    async () => {
      const { exitCode, stdout, stderr } = await bench('list', '--region', 'eu-north-1')
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
      expect(stderr).toBe('no image of pulsar-aws-lab in eu-north-1\n')
    },
    LIMIT_MS,
  )
})

describe.skipIf(skips)('latest', () => {
  test(
    'prints the id alone: the newest of the version that bench pins',
    async () => {
      expect(await bench('latest', '--broker', 'kafka')).toEqual({
        exitCode: 0,
        stdout: `${id.newest}\n`,
        stderr: '',
      })
    },
    LIMIT_MS,
  )

  test(
    'takes what the configuration asks for: project, version with *, first system',
    async () => {
      const write = (text: string) => folder.write('infrastructure.yaml', text)
      const latest = async (text: string, ...more: string[]) =>
        (await bench('latest', '--config', write(text), ...more)).stdout.trim()
      expect(await latest('systems: [kafka]\nkafka_version: "4.4.*"\n')).toBe(id.other!)
      expect(await latest('systems: [kafka]\nkafka_version: "4.4.*"\n', '--version', '4.3.1')).toBe(
        id.newest!,
      )
      expect(await latest('experiment: {project: neighbour}\n', '--broker', 'kafka')).toBe(id.foreign!)
      expect(await latest('aws: {region: us-west-2}\n')).toBe(id.pulsar!)
      expect(await latest('aws: {region: us-west-2}\n', '--broker', 'client')).toBe(id.client!)
    },
    LIMIT_MS,
  )

  test(
    'none: status 4, nothing on stdout, and the command that makes one',
    async () => {
      const config = folder.write('old.yaml', 'pulsar_version: "3.0.0"\n')
      const { exitCode, stdout, stderr } = await bench('latest', '--config', config)
      expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
      expect(stderr).toContain(
        'expected an image of pulsar 3.0.0 (x86_64) for the project pulsar-aws-lab in us-west-2',
      )
      expect(stderr).toContain('hint: bench ami build --broker pulsar --version 3.0.0 --region us-west-2')
      const arm = await bench('latest', '--broker', 'kafka', '--architecture', 'arm64')
      expect(arm.exitCode).toBe(4)
    },
    LIMIT_MS,
  )
})

describe.skipIf(skips)('delete', () => {
  test(
    'refuses what bench did not make, before anything is deleted',
    async () => {
      for (const [bad, why] of [
        [id.byHand!, 'expected an image that bench made for the project pulsar-aws-lab'],
        [id.foreign!, 'Project=neighbour'],
        ['ami-0123456789abcdef0', 'expected an image of this account in us-west-2'],
        ['i-0123456789abcdef0', 'expected an id like ami-'],
      ] as const) {
        const { exitCode, stderr } = await bench('delete', '--ami-id', id.old!, '--ami-id', bad, '--execute')
        expect({ bad, exitCode, stderr }).toEqual({ bad, exitCode: 2, stderr: expect.stringContaining(why) })
      }
      expect(await scan(double)).toEqual([...before])
    },
    LIMIT_MS,
  )

  test(
    'a dry run says what would go; then image and snapshot go, and nothing else',
    async () => {
      const dry = await bench('delete', '--ami-id', id.old!)
      expect(dry.exitCode).toBe(0)
      expect(dry.stderr).toMatch(
        new RegExp(
          `^would delete image ${id.old}\nwould delete snapshot snap-\\w+\ndry run: nothing was deleted; add --execute\n$`,
        ),
      )
      expect(await scan(double)).toEqual([...before])
      double.faults.add({
        service: 'ec2',
        action: 'DeregisterImage',
        error: THROTTLED.ec2,
        isCarriedOut: true,
      })
      const { exitCode, stdout } = await bench('delete', '--ami-id', id.old!, '--execute', '--json')
      expect(exitCode).toBe(0)
      expect(JSON.parse(stdout).deleted.map((each: { kind: string }) => each.kind)).toEqual([
        'image',
        'snapshot',
      ])
      const gone = addedSince(await scan(double), before)
      expect(gone.map(({ kind }) => kind).toSorted()).toEqual(['ec2/image', 'ec2/snapshot'])
      expect(addedSince(before, await scan(double))).toEqual([])
    },
    LIMIT_MS,
  )

  test(
    'a snapshot that stayed is told, and found again by the id of the image that is gone',
    async () => {
      const context = contextOf(double, fastClock(50))
      double.faults.add({ service: 'ec2', action: 'DeleteSnapshot', error: DENIED.ec2, count: 1 })
      const options = { ids: [id.other!], project: 'pulsar-aws-lab', executes: true }
      const first = await deleteImages(options, context, never)
      expect(first.kept.map(({ kind, reason }) => `${kind}: ${reason.split(':')[0]}`)).toEqual([
        'snapshot: UnauthorizedOperation',
      ])
      expect(first.exitCode).toBe(9)
      expect(context.lines.at(-1)).toStartWith('LEFT: snapshot snap-')
      const again = await deleteImages(options, context, never)
      expect(again.deleted).toEqual(first.kept.map(({ kind, id: each }) => ({ kind, id: each })))
      expect(again.exitCode).toBe(0)
    },
    LIMIT_MS,
  )

  test(
    'snapshots of a neighbour’s image that is gone are not ours to delete',
    async () => {
      await double.behind.ec2.send(new DeregisterImageCommand({ ImageId: id.foreign }))
      const { exitCode, stderr } = await bench('delete', '--ami-id', id.foreign!, '--execute')
      expect(exitCode).toBe(2)
      expect(stderr).toContain(`got ${id.foreign}`)
    },
    LIMIT_MS,
  )
})

describe('usage', () => {
  const calls: readonly (readonly [readonly string[], RegExp])[] = [
    [['bild'], /did you mean: bench ami build/],
    [['latest', '--broker', 'kafak'], /did you mean: kafka/],
    [['latest', '--version', "4'; rm"], /expected --version to be a version like/],
    [['list', '--region', 'mars'], /expected --region to be a region like us-west-2/],
    [['list', '--architecture', 'vax'], /expected --architecture to be x86_64 or arm64/],
    [['list', '--nonsense'], /Unknown option/],
    [['delete'], /expected --ami-id, got none/],
  ]
  test.each(calls)(
    '%j',
    async (args, message) => {
      const { exitCode, stdout, stderr } = await home.run(['ami', ...args])
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(message)
    },
    LIMIT_MS,
  )

  test(
    'help of it and of every verb',
    async () => {
      const { stdout } = await home.run(['ami', '--help'])
      const verbs = [...stdout.matchAll(/^ {2}(\w+) {2}/gm)].map((match) => match[1]!)
      expect(verbs).toEqual(['build', 'list', 'latest', 'validate', 'delete'])
      for (const verb of verbs) expect((await home.run(['ami', verb, '--help'])).stdout).toContain('--region')
    },
    LIMIT_MS,
  )
})
