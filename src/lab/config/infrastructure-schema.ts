import { type ZodType, z } from 'zod'
import { instanceCount, instanceType, type LabSystem, rootVolumeSize } from '../../brokers/lab-system.ts'
import { DEFAULT_PROJECT } from '../../brokers/lab-systems.ts'
import { parseDuration } from '../../workload/duration.ts'

const MIN_TTL_S = 10 * 60
const MAX_TTL_S = 7 * 24 * 3600
const MAX_ZONES = 6
const MAX_SSH_RANGES = 20

const experiment = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, '1 to 40 of a-z, 0-9 and -')
    .optional()
    .describe('Id of the experiment, tag ExperimentID; default: made of date and time.'),
  name: z
    .string()
    .regex(/^[\w .:/=+@-]{1,256}$/, '1 to 256 letters, digits, spaces and _ . : / = + @ -')
    .default('benchmark')
    .describe('Name for people, tag Experiment.'),
  project: z
    .string()
    .regex(/^[\w .:/=+@-]{1,256}$/, '1 to 256 letters, digits, spaces and _ . : / = + @ -')
    .default(DEFAULT_PROJECT)
    .describe('Tag Project; images are looked for under it too.'),
  ttl: z
    .string()
    .refine((text) => isBetween(parseDuration(text), MIN_TTL_S, MAX_TTL_S), {
      error: 'expected a duration from 10m to 168h, such as 4h',
    })
    .default('4h')
    .describe('Time from the start after which anybody may end the experiment (bench reap).'),
  tags: z
    .record(z.string(), z.string())
    .default({})
    .describe('Tags of your own on every resource; quote values that are numbers.'),
})

const ssh = z
  .strictObject({
    key_name: z.string().min(1).max(255).describe('EC2 key pair.'),
    cidr_blocks: z
      .array(
        z.cidrv4({ error: 'an IPv4 range like 203.0.113.7/32' }).refine((range) => range !== '0.0.0.0/0', {
          error: 'expected your own address, got the whole internet',
        }),
      )
      .min(1)
      .max(MAX_SSH_RANGES)
      .describe('IPv4 ranges that may connect.'),
  })
  .describe('SSH for debugging; without it nobody can connect.')

const price = /^\d{1,4}(\.\d{1,6})?$/

const aws = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region like us-west-2')
      .default('us-west-2')
      .describe('AWS region.'),
    availability_zones: z
      .array(
        z.string().regex(/^[a-z]{2}(-[a-z0-9]+)+-\d[a-z]$|^[a-z]{2}(-[a-z0-9]+)+$/, 'a zone like us-west-2a'),
      )
      .max(MAX_ZONES)
      .refine(isUnique, { error: 'expected each zone once' })
      .default([])
      .describe("Zones to spread instances over; default: the region's first.")
      .meta({ uniqueItems: true }),
    vpc_cidr: z
      .cidrv4({ error: 'an IPv4 range like 10.0.0.0/16' })
      .refine((range) => range.endsWith('/16'), { error: 'expected a range with a prefix of 16' })
      .default('10.0.0.0/16')
      .describe("Range of the experiment's own network, a /16."),
    architecture: z
      .enum(['x86_64', 'arm64'])
      .default('x86_64')
      .describe('Processors of all instances; instance types must fit.'),
    use_spot_instances: z
      .boolean()
      .default(false)
      .describe('Spot instances: cheaper, and AWS may take them back, which ends a run.'),
    spot_max_price: z
      .union([z.string().regex(price), z.number()])
      .refine((value) => price.test(String(value)) && Number(value) > 0, {
        error: 'expected a price above 0 like "0.05", in US dollars an hour',
      })
      .optional()
      .describe('Highest price of a spot instance hour in US dollars; default: the on-demand price.'),
    permissions_boundary: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/, 'the ARN of a policy')
      .optional()
      .describe("ARN of a policy that bounds the instances' roles."),
    ssh: ssh.optional(),
  })
  .superRefine(({ region, availability_zones: zones }, context) => {
    for (const [index, zone] of zones.entries()) {
      if (zone.startsWith(region)) continue
      const message = `expected a zone of ${region}`
      context.addIssue({ code: 'custom', message, path: ['availability_zones', index] })
    }
  })

const imageId = () => z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'an id like ami-0123456789abcdef0')

const client = z
  .strictObject({
    count: instanceCount(50).default(1),
    instance_type: instanceType().default('t3.small'),
    root_volume_size: rootVolumeSize(20),
    image_id: imageId().optional().describe('Image of the load generators; default: the newest of bench.'),
  })
  .prefault({})
  .describe('Load generators.')

/** A version in `NAME_version`, of infrastructure.yaml and of the cluster file. */
const version = (standard: string) =>
  z
    .string()
    .regex(/^\d[\w.-]{0,38}\*?$/, 'a quoted version like "4.0.8", or "4.0.*" for the newest of them')
    .optional()
    .describe(`Version; the newest image that matches is taken. Default: ${standard}.`)

type Parts = Readonly<Record<string, unknown>>

/** A parsed infrastructure.yaml: what every experiment has, beside versions and images of systems. */
export type Infrastructure = Parts & {
  readonly experiment: z.infer<typeof experiment>
  readonly systems?: readonly string[]
  readonly aws: z.infer<typeof aws>
  readonly compute: Parts & { readonly client: z.infer<typeof client> }
}

/** The schema of infrastructure.yaml, with each system's part. */
export function infrastructureSchema(systems: readonly LabSystem[]): ZodType<Infrastructure> {
  const names = systems.map(({ name }) => name)
  const own: Record<string, ZodType> = {}
  const roles: Record<string, ZodType> = {}
  for (const system of systems) {
    if (system.version !== null) own[`${system.name}_version`] = version(system.version)
    own[`${system.name}_image_id`] = imageId().optional().describe('Image to take, whatever its version.')
    Object.assign(roles, system.compute)
  }
  const schema = z
    .strictObject({
      experiment: experiment.prefault({}).describe('Name and life of the experiment.'),
      systems: z
        .array(z.enum(names))
        .min(1)
        .max(names.length)
        .refine(isUnique, { error: 'expected each system once' })
        .optional()
        .describe(`Systems to set up; default: ${names[0]}.`)
        .meta({ uniqueItems: true }),
      ...own,
      aws: aws.prefault({}).describe('Where on AWS, and how.'),
      compute: z
        .strictObject({ client, ...roles })
        .prefault({})
        .describe('Instances of each role.'),
    })
    .describe('Infrastructure of a cloud experiment.')
    .meta({ title: 'bench infrastructure' })
  return schema as unknown as ZodType<Infrastructure>
}

/** The schema of a system's cluster file. */
export function clusterSchema(system: LabSystem): ZodType<Parts> {
  const own = system.version === null ? {} : { [`${system.name}_version`]: version(system.version) }
  return z
    .strictObject({ ...own, ...system.cluster })
    .describe(`Settings of a cluster of ${system.name} on cloud instances.`)
    .meta({ title: `bench ${system.name} cluster` })
}

function isUnique(words: readonly string[]): boolean {
  return new Set(words).size === words.length
}

function isBetween(value: number | null, least: number, most: number): boolean {
  return value !== null && value >= least && value <= most
}
