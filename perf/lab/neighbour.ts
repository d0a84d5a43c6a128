import { CreateBucketCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import { makeSite, runInstances, tagList } from '../../test/aws/double/account.ts'
import { clientsOf, REGION } from '../../test/aws/double/clients.ts'
import type { AwsDouble } from '../../test/aws/double/double.ts'

/** Tag ExperimentID of somebody else's experiment in the same account. */
export const NEIGHBOUR = 'exp-neighbour'

/**
 * Things of others in the account: those of another experiment, with the same addresses as ours, and those without any tag.
 */
export async function plantNeighbour(double: AwsDouble): Promise<void> {
  const clients = clientsOf(double.endpoint)
  const tags = { ExperimentID: NEIGHBOUR, Project: 'pulsar-aws-lab', Role: 'broker' }
  try {
    const site = await makeSite(clients, 'bench-neighbour', tags)
    await runInstances(clients, site, { count: 1, tags })
    const untagged = await makeSite(clients, 'somebody', {}, '10.9.0.0/16')
    await runInstances(clients, untagged, { count: 1, tags: {} })
    for (const [name, own] of [
      ['bench-neighbour-results', tags],
      ['somebody-else', {}],
    ] as const) {
      const place = { LocationConstraint: REGION } as const
      await clients.s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: place }))
      const TagSet = tagList(own)
      if (TagSet.length > 0)
        await clients.s3.send(new PutBucketTaggingCommand({ Bucket: name, Tagging: { TagSet } }))
      const parameter = { Name: `/bench/${name}/password`, Value: 'not ours', Type: 'SecureString' } as const
      await clients.ssm.send(new PutParameterCommand({ ...parameter, Tags: TagSet }))
    }
    await double.settled()
  } finally {
    clients.destroy()
  }
}
