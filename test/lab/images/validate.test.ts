// Goal: `bench ami validate` finds what an image lacks, and leaves nothing whatever happens: checks that fail, an agent
// that never answers, a denied call, Ctrl-C. Method: the test double, whose instances execute: the image is this host with
// files that play Kafka and systemd, so that the scripts of packer/checks run for real (on a real installation they do so
// in `npm run proof:boot`); everything in the account is compared before and after.
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { GetRolePolicyCommand } from '@aws-sdk/client-iam'

import { AppError } from '../../../src/errors/app-error.ts'
import { imageOfId, type OwnImage } from '../../../src/lab/images/find-images.ts'
import { validateImage } from '../../../src/lab/images/validate-image.ts'
import { missingForBoxes } from '../../aws/double/box/world.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { DENIED, THROTTLED } from '../../aws/double/faults.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { makeOwnImages } from '../../aws/double/own-images.ts'
import { addedSince, scan, type Thing } from '../../aws/double/scan.ts'
import { fastClock } from '../../aws/double/test-clocks.ts'
import { pollUntil } from '../../support/poll.ts'
import { skipLoudly } from '../../support/skip.ts'
import { contextOf } from '../aws/support.ts'

const LIMIT_MS = 180_000
const SPEED = 20
const missing = missingForBoxes()
const tools = missing === null ? await awsTools(console.log) : missing
const skips = typeof tools === 'string' && skipLoudly(`the AWS test double needs ${tools}`)
const never = new AbortController().signal

const program = '#!/bin/sh\nexit 0\n'
/** What an image of Kafka has, played. */
const KAFKA_IMAGE: Readonly<Record<string, string>> = {
  '/usr/bin/systemctl': program,
  '/usr/bin/java': '#!/bin/sh\necho \'openjdk version "17.0.13"\' >&2\n',
  '/usr/bin/gawk': program,
  '/usr/sbin/mkfs.xfs': program,
  '/opt/kafka/libs/kafka-clients-4.3.1.jar': '',
  '/etc/chrony.conf': 'server 169.254.169.123 prefer\n',
  '/etc/sysctl.d/90-bench.conf': 'vm.swappiness = 1\n',
  '/etc/passwd': '',
}

let double: AwsDouble
let clients: Clients
let good: OwnImage
let claimsMore: OwnImage
let before: readonly Thing[]
beforeAll(async () => {
  if (typeof tools === 'string') return
  const users = `${readFileSync('/etc/passwd', 'utf8')}kafka:x:4711:4711::/var/lib/kafka:/usr/sbin/nologin\n`
  const files = { ...KAFKA_IMAGE, '/etc/passwd': users }
  double = await startAwsDouble({ tools, files }, never)
  clients = clientsOf(double.endpoint)
  const ids = await makeOwnImages(clients, [
    { name: 'bench-kafka-4.3.1', software: 'kafka', version: '4.3.1' },
    { name: 'bench-kafka-4.4.0', software: 'kafka', version: '4.4.0' },
  ])
  const context = contextOf(double, fastClock(SPEED))
  good = (await imageOfId(clients.ec2, ids[0]!, context, never))!
  claimsMore = (await imageOfId(clients.ec2, ids[1]!, context, never))!
  await double.settled()
  before = await scan(double)
}, LIMIT_MS)
afterEach(() => double?.faults.clear())
afterAll(async () => {
  clients?.destroy()
  await double?.close()
}, LIMIT_MS)

async function validate(image: OwnImage, bootLimitMs = LIMIT_MS, signal: AbortSignal = never) {
  const context = contextOf(double, fastClock(SPEED))
  const options = { image, subnetId: null, instanceType: null, bootLimitMs }
  const report = await validateImage(options, context, signal).catch((error: Error) => error)
  return { report, lines: context.lines, added: addedSince(before, await scan(double)) }
}

test.skipIf(skips)(
  'an image that has everything passes, throttled or not; nothing is left',
  async () => {
    for (const action of ['RunInstances', 'CreateSecurityGroup'])
      double.faults.add({ service: 'ec2', action, error: THROTTLED.ec2 })
    const role = { service: 'iam', action: 'CreateRole', error: THROTTLED.iam, isCarriedOut: true }
    double.faults.add(role)
    const { report, added } = await validate(good)
    if (report instanceof Error) throw report
    expect(report.facts.filter(({ isOk }) => !isOk)).toEqual([])
    expect(report).toMatchObject({ exitCode: 0, left: [], imageId: good.id })
    const facts = report.facts.map(({ text }) => text)
    expect(facts).toContain('Kafka 4.3.1')
    expect(facts).toContain('unit kafka.service: its user and program')
    expect(added).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'all that is made for it carries its tags while it runs, and the role may only take commands',
  async () => {
    const stop = new AbortController()
    const running = validate(good, LIMIT_MS, stop.signal)
    const live = () => [...double.machines.values()].find((each) => each.endedMs === null)
    await pollUntil('an instance', LIMIT_MS, () => live() !== undefined)
    const { tags, id } = live()!
    const added = addedSince(before, await scan(double))
    expect(tags).toMatchObject({ Project: 'pulsar-aws-lab', Role: 'image-check', ManagedBy: 'bench' })
    expect(Date.parse(tags.TTL!)).toBeGreaterThan(Date.now())
    const untagged = added.filter((thing) => thing.tags.ExperimentID !== tags.ExperimentID)
    expect(untagged).toEqual([])
    expect(added.map(({ kind }) => kind).toSorted()).toEqual([
      ...['ec2/instance', 'ec2/security-group', 'ec2/volume'],
      ...['iam/instance-profile', 'iam/role'],
    ])
    expect(double.machines.get(id)!.userData).toBe('')
    const name = `bench-${tags.ExperimentID}`
    const role = { RoleName: name, PolicyName: name }
    const { PolicyDocument } = await clients.iam.send(new GetRolePolicyCommand(role))
    const [statement, ...others] = JSON.parse(decodeURIComponent(PolicyDocument!)).Statement
    expect(others).toEqual([])
    expect(statement.Action.map((action: string) => action.split(':')[0]).sort()).toEqual([
      ...Array(6).fill('ec2messages'),
      ...['ssm', ...Array(4).fill('ssmmessages')],
    ])
    stop.abort(new AppError('UNEXPECTED', 'Ctrl-C', { exitCode: 130 }))
    const ended = await running
    expect(ended.report).toMatchObject({ message: 'Ctrl-C', exitCode: 130 })
    expect(ended.added).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an image that has not what its tags claim: status 4, and which check failed',
  async () => {
    const { report, added } = await validate(claimsMore)
    if (report instanceof Error) throw report
    expect(report.exitCode).toBe(4)
    expect(report.facts.filter(({ isOk }) => !isOk).map(({ text }) => text)).toEqual([
      expect.stringContaining(
        'Kafka 4.4.0: expected success of: any_file /opt/kafka/libs/kafka-clients-4.4.0.jar',
      ),
    ])
    expect(report.facts.length).toBeGreaterThan(10)
    expect(added).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an agent that never answers, and a call that is denied, leave nothing either',
  async () => {
    const known = new Set(double.machines.keys())
    const silent = validate(good, 20_000)
    const fresh = () => [...double.machines.keys()].find((id) => !known.has(id))
    await pollUntil('an instance', LIMIT_MS, () => fresh() !== undefined)
    double.setAgent(fresh()!, 'never')
    const first = await silent
    expect(first.report).toMatchObject({ code: 'PREPARE', exitCode: 4 })
    expect((first.report as Error).message).toContain('to answer Systems Manager within 20 s')
    expect(first.added).toEqual([])

    double.faults.add({ service: 'ec2', action: 'RunInstances', error: DENIED.ec2 })
    const second = await validate(good)
    expect((second.report as Error).name).toBe('UnauthorizedOperation')
    expect(second.added).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'what could not be removed is named, with the command that removes it, and the status is 9',
  async () => {
    const denied = { service: 'ec2', action: 'DeleteSecurityGroup', error: DENIED.ec2 }
    double.faults.add({ ...denied, count: Number.POSITIVE_INFINITY })
    const { report, added, lines } = await validate(good)
    if (report instanceof Error) throw report
    expect(report.exitCode).toBe(9)
    expect(report.left).toEqual([expect.stringMatching(/^security group sg-\w+: UnauthorizedOperation/)])
    expect(added.map(({ kind }) => kind)).toEqual(['ec2/security-group'])
    expect(lines.at(-1)).toBe(`try again: bench cleanup --experiment-id ${report.id} --execute`)
  },
  LIMIT_MS,
)
