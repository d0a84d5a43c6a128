// Goal: the test double does with images what AWS does and moto does not: it tags snapshots with their image, refuses a
// name that is taken, and keeps a snapshot while its image stands. Method: calls of the SDK, and the account looked at
// from behind.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2'
import { skipLoudly } from '../support/skip.ts'
import { makeSite, runInstances, tagList } from './double/account.ts'
import { type Clients, clientsOf } from './double/clients.ts'
import { type AwsDouble, startAwsDouble } from './double/double.ts'
import { awsTools } from './double/moto.ts'

const LIMIT_MS = 180_000
const tools = await awsTools(console.log)
const skips = typeof tools === 'string' && skipLoudly(`the AWS test double needs ${tools}`)

let double: AwsDouble
let clients: Clients
let instanceId: string
beforeAll(async () => {
  if (typeof tools === 'string') return
  double = await startAwsDouble({ tools, executes: false }, new AbortController().signal)
  clients = clientsOf(double.endpoint)
  const site = await makeSite(clients, 'images', {})
  ;[instanceId] = (await runInstances(clients, site, { count: 1, tags: {} })) as [string]
}, LIMIT_MS)
afterAll(async () => {
  clients?.destroy()
  await double?.close()
}, LIMIT_MS)

async function create(Name: string, tags: Readonly<Partial<Record<ResourceType, Record<string, string>>>>) {
  const TagSpecifications = Object.entries(tags).map(([type, own]) => ({
    ResourceType: type as ResourceType,
    Tags: tagList(own),
  }))
  const request = new CreateImageCommand({ InstanceId: instanceId, Name, TagSpecifications })
  return (await clients.ec2.send(request)).ImageId!
}

async function snapshotsOf(id: string) {
  const { Images = [] } = await clients.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))
  const ids = Images[0]!.BlockDeviceMappings!.map((each) => each.Ebs!.SnapshotId!)
  const { Snapshots = [] } = await clients.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: ids }))
  return { image: Images[0]!, snapshots: Snapshots }
}

test.skipIf(skips)(
  'an image and its snapshots each get their own tags, in whatever order they are given',
  async () => {
    const own = { image: { Software: 'x', OS: 'a&b' }, snapshot: { Kept: 'by it', Software: 'y' } }
    for (const [name, tags] of [
      ['one', own],
      ['two', { snapshot: own.snapshot, image: own.image }],
    ] as const) {
      const { image, snapshots } = await snapshotsOf(await create(name, tags))
      expect(image.Tags).toEqual(tagList(own.image))
      expect(snapshots.map((each) => each.Tags)).toEqual([tagList(own.snapshot)])
    }
    const { image, snapshots } = await snapshotsOf(await create('three', { snapshot: { Only: 'here' } }))
    expect(image.Tags ?? []).toEqual([])
    expect(snapshots[0]!.Tags).toEqual(tagList({ Only: 'here' }))
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'a name is taken once, until its image is gone; its snapshot outlives it',
  async () => {
    const id = await create('taken', {})
    const { snapshots } = await snapshotsOf(id)
    const SnapshotId = snapshots[0]!.SnapshotId
    const refused = await create('taken', {}).catch((error) => error)
    expect([refused.name, refused.message]).toEqual([
      'InvalidAMIName.Duplicate',
      `AMI name taken is already in use by AMI ${id}`,
    ])
    const remove = () => clients.ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
    expect(await remove().catch((error) => error.name)).toBe('InvalidSnapshot.InUse')
    await clients.ec2.send(new DeregisterImageCommand({ ImageId: id }))
    expect(await create('taken', {})).toStartWith('ami-')
    const { Snapshots = [] } = await clients.ec2.send(
      new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId!] }),
    )
    expect(Snapshots).toHaveLength(1)
    await remove()
    expect(await remove().catch((error) => error.name)).toBe('InvalidSnapshot.NotFound')
  },
  LIMIT_MS,
)
