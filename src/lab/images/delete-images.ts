import type { EC2Client, Snapshot } from '@aws-sdk/client-ec2'
import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { describeFailure, failureKind, passesByItself } from '../aws/failure.ts'
import { CALL_RETRIES, type RetryPolicy, withRetries } from '../aws/retry.ts'
import type { LabContext } from '../aws/settings.ts'
import { imageOfId, isMadeByPacker, type OwnImage } from './find-images.ts'
import { withEc2 } from './with-ec2.ts'

export interface DeleteImagesOptions {
  readonly ids: readonly string[]
  /** Tag Project that they must have. */
  readonly project: string
  /** Whether anything is deleted; else a dry run. */
  readonly executes: boolean
}

/** An image or a snapshot that was, or would be, deleted. */
export interface Deleted {
  readonly kind: 'image' | 'snapshot'
  readonly id: string
}

export interface DeleteImagesReport {
  readonly found: readonly Deleted[]
  readonly deleted: readonly Deleted[]
  readonly kept: readonly (Deleted & { readonly reason: string })[]
  /** 9 when something stayed. */
  readonly exitCode: ExitCode
}

/** AWS may take a snapshot for used a while after its image is gone. */
const SNAPSHOT_RETRIES: RetryPolicy = { ...CALL_RETRIES, attempts: 20, limitMs: 60_000 }
const IMAGE_ID = /^ami-[0-9a-f]{8,17}$/

/**
 * Deregisters images and deletes their snapshots, which AWS leaves and bills. Of an image that is gone, snapshots that
 * an earlier attempt left are still found. Throws `AppError('USAGE')` before anything is deleted when one of the ids is
 * none, or an image that Packer did not make for this project.
 */
export async function deleteImages(
  options: DeleteImagesOptions,
  context: LabContext,
  signal: AbortSignal,
): Promise<DeleteImagesReport> {
  return withEc2(context, async (client) => {
    const found: Deleted[] = []
    for (const id of new Set(options.ids))
      found.push(...(await partsOf(client, id, options, context, signal)))
    if (options.executes) return await execute(client, found, context, signal)
    for (const { kind, id } of found) context.log(`would delete ${kind} ${id}`)
    return { found, deleted: [], kept: [], exitCode: EXIT.ok }
  })
}

/** The image before its snapshots: while it stands, they are in use. */
async function partsOf(
  client: EC2Client,
  id: string,
  { project }: DeleteImagesOptions,
  context: LabContext,
  signal: AbortSignal,
): Promise<Deleted[]> {
  if (!IMAGE_ID.test(id))
    throw new AppError('USAGE', `expected an id like ami-0123456789abcdef0, got ${JSON.stringify(id)}`)
  const image = await imageOfId(client, id, context, signal)
  if (image !== null) {
    requireOurs(image, project)
    return [{ kind: 'image', id }, ...image.snapshotIds.map((each) => snapshot(each))]
  }
  const left = await snapshotsLeftBy(client, id, project, context, signal)
  if (left.length > 0) return left.map((each) => snapshot(each))
  throw new AppError('USAGE', `expected an image of this account in ${context.aws.region}, got ${id}`, {
    hint: 'bench ami list',
  })
}

function snapshot(id: string): Deleted {
  return { kind: 'snapshot', id }
}

function requireOurs(image: OwnImage, project: string): void {
  if (isMadeByPacker(image) && image.project === project) return
  const found = Object.entries(image.tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
  throw new AppError(
    'USAGE',
    `expected an image that bench made for the project ${project}, got ${image.id} (${image.name}) with ${found || 'no tags'}`,
    { hint: 'only images with the tags Project, Software and ManagedBy=packer are deleted' },
  )
}

/** AWS names the image in the description of the snapshots that were made with it. */
async function snapshotsLeftBy(
  client: EC2Client,
  imageId: string,
  project: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<string[]> {
  const { DescribeSnapshotsCommand } = await import('@aws-sdk/client-ec2')
  const Filters = [
    { Name: 'description', Values: [`*${imageId}*`] },
    { Name: 'tag:Project', Values: [project] },
    { Name: 'tag:ManagedBy', Values: ['packer'] },
  ]
  const request = new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters })
  const { Snapshots = [] } = await withRetries(
    () => client.send(request),
    { what: `DescribeSnapshots of ${imageId}` },
    context,
    signal,
  )
  // Asked again here: a filter that is not understood would delete what is not ours.
  const isOurs = (each: Snapshot) =>
    each.Description?.includes(imageId) &&
    hasTag(each, 'Project', project) &&
    hasTag(each, 'ManagedBy', 'packer')
  return Snapshots.filter(isOurs).map((each) => each.SnapshotId!)
}

function hasTag({ Tags }: Snapshot, key: string, value: string): boolean {
  return Tags?.some(({ Key, Value }) => Key === key && Value === value) ?? false
}

async function execute(
  client: EC2Client,
  found: readonly Deleted[],
  context: LabContext,
  signal: AbortSignal,
): Promise<DeleteImagesReport> {
  const deleted: Deleted[] = []
  const kept: (Deleted & { reason: string })[] = []
  for (const each of found) {
    const reason = await deleteOne(client, each, context, signal)
    if (reason === null) deleted.push(each)
    else kept.push({ ...each, reason })
  }
  for (const { kind, id, reason } of kept) context.log(`LEFT: ${kind} ${id}: ${reason}`)
  return { found, deleted, kept, exitCode: kept.length === 0 ? EXIT.ok : EXIT.partial }
}

/** Null when it is gone; else why not. */
async function deleteOne(
  client: EC2Client,
  { kind, id }: Deleted,
  context: LabContext,
  signal: AbortSignal,
): Promise<string | null> {
  const { DeregisterImageCommand, DeleteSnapshotCommand } = await import('@aws-sdk/client-ec2')
  context.log(`deleting ${kind} ${id}`)
  const call = () =>
    kind === 'image'
      ? client.send(new DeregisterImageCommand({ ImageId: id }))
      : client.send(new DeleteSnapshotCommand({ SnapshotId: id }))
  const isWorthIt = (error: unknown) => passesByItself(error) || failureKind(error) === 'inUse'
  const onFailure = (error: unknown, delayMs: number) =>
    context.log(`${kind} ${id}: ${describeFailure(error)}; again in ${Math.round(delayMs)} ms`)
  const what = `deletion of ${kind} ${id}`
  try {
    await withRetries<unknown>(
      call,
      { what, policy: SNAPSHOT_RETRIES, isWorthIt, onFailure },
      context,
      signal,
    )
    return null
  } catch (error) {
    signal.throwIfAborted()
    return failureKind(error) === 'missing' ? null : describeFailure(error)
  }
}
