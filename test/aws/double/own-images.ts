import { CreateImageCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { makeSite, runInstances, type Tags, tagList } from './account.ts'
import type { Clients } from './clients.ts'

/** What the image shall claim. */
export interface ImageClaims {
  readonly name: string
  readonly software: string
  readonly version: string
  /** Besides those that Packer sets, and over them. */
  readonly tags?: Tags
  readonly snapshotTags?: Tags
}

/** Tags as the templates of `packer/` set them. */
export function packerTags({ software, version, tags = {} }: ImageClaims): Tags {
  return {
    ...{ Project: 'pulsar-aws-lab', ManagedBy: 'packer', Role: 'image' },
    ...{ Software: software, SoftwareVersion: version, OS: 'al2023' },
    ...tags,
  }
}

/** Images like those that Packer makes, of one instance that is gone afterwards; ids in the same order. */
export async function makeOwnImages(
  clients: Clients,
  images: readonly ImageClaims[],
): Promise<readonly string[]> {
  const site = await makeSite(clients, `images-${crypto.randomUUID().slice(0, 8)}`, {})
  const [InstanceId] = await runInstances(clients, site, { count: 1, tags: {} })
  const ids: string[] = []
  for (const claims of images) {
    const tags = packerTags(claims)
    const request = new CreateImageCommand({
      ...{ InstanceId, Name: claims.name },
      TagSpecifications: [
        { ResourceType: 'image', Tags: tagList(tags) },
        { ResourceType: 'snapshot', Tags: tagList(claims.snapshotTags ?? tags) },
      ],
    })
    ids.push((await clients.ec2.send(request)).ImageId!)
  }
  await clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId!] }))
  return ids
}
