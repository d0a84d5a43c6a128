import { DescribeLaunchTemplateVersionsCommand, type EC2Client } from '@aws-sdk/client-ec2'
import type { ApiCall } from './api-call.ts'

/**
 * RunInstances with what its launch template says and moto leaves out: the instance profile, the market and the
 * metadata options. Any other call as it is.
 */
export async function withLaunchTemplate(call: ApiCall, ec2: EC2Client): Promise<ApiCall> {
  if (call.action !== 'RunInstances') return call
  const { parameters } = call
  const id = parameters.get('LaunchTemplate.LaunchTemplateId')
  const name = parameters.get('LaunchTemplate.LaunchTemplateName')
  if (id === null && name === null) return call
  const { LaunchTemplateVersions = [] } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({
      ...(id === null ? { LaunchTemplateName: name! } : { LaunchTemplateId: id }),
      Versions: [parameters.get('LaunchTemplate.Version') ?? '$Default'],
    }),
  )
  const data = LaunchTemplateVersions[0]?.LaunchTemplateData
  const { Name, Arn } = data?.IamInstanceProfile ?? {}
  const { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint } = data?.MetadataOptions ?? {}
  const more: Record<string, string | number | undefined> = {
    'IamInstanceProfile.Name': Name,
    'IamInstanceProfile.Arn': Arn,
    'InstanceMarketOptions.MarketType': data?.InstanceMarketOptions?.MarketType,
    'MetadataOptions.HttpTokens': HttpTokens,
    'MetadataOptions.HttpPutResponseHopLimit': HttpPutResponseHopLimit,
    'MetadataOptions.HttpEndpoint': HttpEndpoint,
  }
  const full = new URLSearchParams(parameters)
  for (const [key, value] of Object.entries(more)) {
    const isGiven =
      full.has(key) || full.has(key.replace(/\.(Name|Arn)$/, key.endsWith('.Arn') ? '.Name' : '.Arn'))
    if (value !== undefined && !isGiven) full.set(key, String(value))
  }
  return { ...call, parameters: full, body: new TextEncoder().encode(full.toString()) }
}

const OWN_TAGS =
  /<item>(?:<resourceType>launch-template<\/resourceType><tagSet>(?:(?!<\/tagSet>)[\s\S])*<\/tagSet>|<tagSet>(?:(?!<\/tagSet>)[\s\S])*<\/tagSet><resourceType>launch-template<\/resourceType>)<\/item>/g

/** An answer of moto about templates: it takes a template's own tags for some that its instances shall have. */
export function withoutOwnTags(xml: string): string {
  return xml.replace(OWN_TAGS, '')
}
