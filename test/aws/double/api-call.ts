/** How a service speaks, and so how its errors look. */
export type Protocol = 'ec2' | 'query' | 'json' | 'rest'

/** One call of an AWS API, as far as the test double must understand it. */
export interface ApiCall {
  /** As the signature names it: `ec2`, `ssm`, `iam`, `s3`, `ce`, `tagging`. */
  readonly service: string
  /** As the API names it: `RunInstances`; of S3 made of method and path: `PutObject`. */
  readonly action: string
  readonly protocol: Protocol
  /** Of the query protocols; empty else. */
  readonly parameters: URLSearchParams
  /** Of the JSON protocols; empty else. */
  readonly json: Readonly<Record<string, unknown>>
  readonly method: string
  /** Path with its query. */
  readonly path: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Reads a request whole and says which call it is. */
export async function readCall(request: Request): Promise<ApiCall> {
  const url = new URL(request.url)
  const { headers, method } = request
  const body = new Uint8Array(await request.arrayBuffer())
  const service =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.get('authorization') ?? '')?.[1] ?? ''
  const common = { method, path: url.pathname + url.search, headers, body }
  const nothing = { parameters: new URLSearchParams(), json: {} }
  const target = headers.get('x-amz-target')
  if (target !== null) {
    const action = target.slice(target.lastIndexOf('.') + 1)
    const json = body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(body))
    return { ...common, ...nothing, service, action, protocol: 'json', json }
  }
  if (service === 's3' || service === '')
    return { ...common, ...nothing, service: 's3', action: s3Action(method, url), protocol: 'rest' }
  const parameters = new URLSearchParams(new TextDecoder().decode(body))
  for (const [key, value] of url.searchParams) parameters.append(key, value)
  const action = parameters.get('Action') ?? ''
  const protocol = action === '' ? 'rest' : service === 'ec2' ? 'ec2' : 'query'
  return { ...common, ...nothing, service, action, protocol, parameters }
}

function s3Action(method: string, url: URL): string {
  const depth = url.pathname.split('/').filter((part) => part !== '').length
  const noun = depth === 0 ? 'Buckets' : depth === 1 ? 'Bucket' : 'Object'
  const verb = { PUT: 'Put', GET: 'Get', HEAD: 'Head', DELETE: 'Delete', POST: 'Post' }[method] ?? method
  if (noun === 'Buckets') return 'ListBuckets'
  if (noun === 'Bucket' && url.searchParams.has('list-type')) return 'ListObjectsV2'
  if (noun === 'Bucket' && url.search === '' && method === 'PUT') return 'CreateBucket'
  if (noun === 'Bucket' && url.searchParams.has('tagging')) return `${verb}BucketTagging`
  if (noun === 'Bucket' && url.searchParams.has('delete')) return 'DeleteObjects'
  return `${verb}${noun}`
}

/** Values of a list parameter of a query call: `InstanceId.1`, `InstanceId.2`, … */
export function listOf(parameters: URLSearchParams, name: string): string[] {
  const values: string[] = []
  for (let i = 1; parameters.has(`${name}.${i}`); i++) values.push(parameters.get(`${name}.${i}`)!)
  return values
}

/** Filters of an EC2 call: values by name. */
export function filtersOf(parameters: URLSearchParams): Map<string, readonly string[]> {
  const filters = new Map<string, readonly string[]>()
  for (let i = 1; parameters.has(`Filter.${i}.Name`); i++)
    filters.set(parameters.get(`Filter.${i}.Name`)!, listOf(parameters, `Filter.${i}.Value`))
  return filters
}
