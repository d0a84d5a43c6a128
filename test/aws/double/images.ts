import { CreateTagsCommand, DescribeImagesCommand, type EC2Client } from '@aws-sdk/client-ec2'
import type { ApiError } from './answers.ts'
import type { ApiCall } from './api-call.ts'

const NAMED = new Set(['CreateImage', 'RegisterImage', 'CopyImage'])

/** AWS has one image of a name in an account and region; moto takes any number. */
export async function imageRefusal(
  { action, parameters }: ApiCall,
  ec2: EC2Client,
): Promise<ApiError | null> {
  const name = parameters.get('Name')
  if (!NAMED.has(action) || name === null) return null
  const Filters = [{ Name: 'name', Values: [name] }]
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }))
  const twin = Images.find((each) => each.Name === name)
  if (twin === undefined) return null
  return {
    code: 'InvalidAMIName.Duplicate',
    message: `AMI name ${name} is already in use by AMI ${twin.ImageId}`,
  }
}

/** A CreateImage that moto understands, and the tags that its snapshots shall have. */
export interface SplitImage {
  readonly call: ApiCall
  readonly snapshotTags: readonly { readonly Key: string; readonly Value: string }[]
}

/** Takes the tags of snapshots out of a CreateImage: moto answers them with HTTP 500. */
export function withoutSnapshotTags(call: ApiCall): SplitImage {
  const { parameters } = call
  const kept = new URLSearchParams()
  const snapshotTags: { Key: string; Value: string }[] = []
  let others = 0
  for (const [key, value] of parameters) if (!key.startsWith('TagSpecification.')) kept.append(key, value)
  for (let i = 1; parameters.has(`TagSpecification.${i}.ResourceType`); i++) {
    const type = parameters.get(`TagSpecification.${i}.ResourceType`)!
    const tags = tagsOf(parameters, `TagSpecification.${i}`)
    if (type === 'snapshot') {
      snapshotTags.push(...tags)
      continue
    }
    others++
    kept.append(`TagSpecification.${others}.ResourceType`, type)
    for (const [j, { Key, Value }] of tags.entries()) {
      kept.append(`TagSpecification.${others}.Tag.${j + 1}.Key`, Key)
      kept.append(`TagSpecification.${others}.Tag.${j + 1}.Value`, Value)
    }
  }
  return {
    call: { ...call, parameters: kept, body: new TextEncoder().encode(kept.toString()) },
    snapshotTags,
  }
}

/** Tags the snapshots of an image that was just made, given moto's answer. */
export async function tagSnapshots(answer: string, Tags: SplitImage['snapshotTags'], ec2: EC2Client) {
  const id = /<imageId>(ami-[0-9a-f]+)<\/imageId>/.exec(answer)?.[1]
  if (id === undefined || Tags.length === 0) return
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))
  const Resources = (Images[0]?.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? [])
  if (Resources.length > 0) await ec2.send(new CreateTagsCommand({ Resources, Tags: [...Tags] }))
}

function tagsOf(parameters: URLSearchParams, prefix: string): { Key: string; Value: string }[] {
  const tags: { Key: string; Value: string }[] = []
  for (let i = 1; parameters.has(`${prefix}.Tag.${i}.Key`); i++)
    tags.push({
      Key: parameters.get(`${prefix}.Tag.${i}.Key`)!,
      Value: parameters.get(`${prefix}.Tag.${i}.Value`) ?? '',
    })
  return tags
}
