import type { EC2Client, Filter, Image } from '@aws-sdk/client-ec2'
import { withRetries } from '../aws/retry.ts'
import type { LabContext } from '../aws/settings.ts'

/** An image of this account that `packer/` made. */
export interface OwnImage {
  readonly id: string
  readonly name: string
  readonly project: string
  readonly software: string
  readonly version: string
  /** As its tag says: `al2023`, `debian12`. */
  readonly system: string
  readonly architecture: string
  /** AWS's word: `available`, `pending`, `failed`, … */
  readonly state: string
  /** RFC 3339. */
  readonly createdAt: string
  readonly sizeGiB: number
  /** Of its block devices: they outlive the image and cost. */
  readonly snapshotIds: readonly string[]
  readonly tags: Readonly<Record<string, string>>
}

/** Which images are asked for. */
export interface ImageQuery {
  readonly project: string
  /** Null: of everything. */
  readonly software: string | null
  /** `*` stands for anything, as in Terraform's look-up; null: every version. */
  readonly version: string | null
  /** Null: both. */
  readonly architecture: string | null
}

/**
 * The account's own images that match, newest first, in whatever state. The filters are those of
 * `terraform/modules/image`, so that both find the same.
 */
export async function findImages(
  client: EC2Client,
  query: ImageQuery,
  context: LabContext,
  signal: AbortSignal,
): Promise<OwnImage[]> {
  const { paginateDescribeImages } = await import('@aws-sdk/client-ec2')
  const Filters: Filter[] = [filter('tag:Project', query.project)]
  Filters.push(
    query.software === null ? filter('tag-key', 'Software') : filter('tag:Software', query.software),
  )
  if (query.version !== null) Filters.push(filter('tag:SoftwareVersion', query.version))
  if (query.architecture !== null) Filters.push(filter('architecture', query.architecture))
  const list = async () => {
    const images: OwnImage[] = []
    const pages = paginateDescribeImages({ client }, { Owners: ['self'], Filters })
    for await (const { Images = [] } of pages) images.push(...Images.map(ownImage).filter(isMadeByPacker))
    return images.sort(newestFirst)
  }
  return withRetries(list, { what: 'DescribeImages' }, context, signal)
}

/** The newest that can be started; null when there is none. */
export async function newestImage(
  client: EC2Client,
  query: ImageQuery,
  context: LabContext,
  signal: AbortSignal,
): Promise<OwnImage | null> {
  const images = await findImages(client, query, context, signal)
  return images.find(({ state }) => state === 'available') ?? null
}

/** The account's own image of this id, whoever made it; null when there is none. */
export async function imageOfId(
  client: EC2Client,
  id: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<OwnImage | null> {
  const { DescribeImagesCommand } = await import('@aws-sdk/client-ec2')
  // By a filter: an id that does not exist is an empty list then, and not an error.
  const request = new DescribeImagesCommand({ Owners: ['self'], Filters: [filter('image-id', id)] })
  const { Images = [] } = await withRetries(
    () => client.send(request),
    { what: `DescribeImages ${id}` },
    context,
    signal,
  )
  return Images[0] === undefined ? null : ownImage(Images[0])
}

/** Whether Packer made it from our templates, which nobody else's images look like. */
export function isMadeByPacker({ tags }: OwnImage): boolean {
  return tags.ManagedBy === 'packer' && tags.Software !== undefined && tags.SoftwareVersion !== undefined
}

function filter(Name: string, value: string): Filter {
  return { Name, Values: [value] }
}

/** Names end with their instant: they tell those of one second apart. */
function newestFirst(a: OwnImage, b: OwnImage): number {
  return b.createdAt.localeCompare(a.createdAt) || b.name.localeCompare(a.name)
}

function ownImage(image: Image): OwnImage {
  const tags = Object.fromEntries((image.Tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
  const disks = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => (Ebs === undefined ? [] : [Ebs]))
  return {
    id: image.ImageId!,
    name: image.Name ?? '',
    project: tags.Project ?? '',
    software: tags.Software ?? '',
    version: tags.SoftwareVersion ?? '',
    system: tags.OS ?? '',
    architecture: image.Architecture ?? '',
    state: image.State ?? '',
    createdAt: image.CreationDate ?? '',
    sizeGiB: disks.reduce((sum, disk) => sum + (disk.VolumeSize ?? 0), 0),
    snapshotIds: disks.flatMap(({ SnapshotId }) => (SnapshotId === undefined ? [] : [SnapshotId])),
    tags,
  }
}
