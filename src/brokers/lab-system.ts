import { type ZodType, z } from 'zod'

/** What is wrong between settings of one system, at a path of one of its two files. */
export interface LabProblem {
  readonly file: 'infrastructure' | 'cluster'
  readonly path: readonly string[]
  readonly what: string
  readonly hint: string
}

/** Settings of one system, parsed by its schemas. */
export interface LabSettings<Compute, Cluster> {
  /** May end in `*`; null where the system has no version of its own. */
  readonly version: string | null
  /** Image of all its instances; null: the newest that matches. */
  readonly imageId: string | null
  readonly compute: Compute
  readonly cluster: Cluster
}

/** How the images of a system are made: variables NAME_version and NAME_checksum of its Packer file. */
export interface LabImage {
  /** Whether upstream publishes a sum beside every version's archive; else each version needs one that is given. */
  readonly hasPublishedSums: boolean
}

type Shape = Readonly<Record<string, ZodType>>
type Values<S extends Shape> = { readonly [Key in keyof S]: z.infer<S[Key]> }

/** One system's part of the configuration of cloud experiments. Its registry is `lab-systems.ts`. */
export interface LabSystem<Compute extends Shape = Shape, Cluster extends Shape = Shape> {
  /** In `systems`, and first word of `NAME_version`, `NAME_image_id` and of the file `NAME-cluster.yaml`. */
  readonly name: string
  /** Version when nobody gives one; null: it has none of its own. */
  readonly version: string | null
  /** Its keys of `compute` in infrastructure.yaml: one a role. */
  readonly compute: Compute
  /** Fields of its cluster file. */
  readonly cluster: Cluster
  /** Variable of terraform/aws that describes the cluster. */
  readonly variable: string
  /** Its images, which `packer/` makes; absent: its instances start from those of the load generators. */
  readonly image?: LabImage
  /** Value of this variable. */
  value(settings: LabSettings<Values<Compute>, Values<Cluster>>): Readonly<Record<string, unknown>>
  /** Variables of terraform/aws that hold secrets, with new values: they go by the environment, into no file. */
  secrets?(): Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What no field can tell alone. */
  problems?(settings: LabSettings<Values<Compute>, Values<Cluster>>): readonly LabProblem[]
}

/** Checks the fields against each other, and forgets the types that only the system itself knows. */
export function labSystem<Compute extends Shape, Cluster extends Shape>(
  system: LabSystem<Compute, Cluster>,
): LabSystem {
  return system as unknown as LabSystem
}

/** Nodes of a quorum: an odd number. */
export const quorumCount = () => z.literal([1, 3, 5, 7])

/** Instances of one role. */
export const instanceCount = (most: number) => z.int().min(1).max(most)

export const instanceType = () =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}\.[a-z0-9-]{1,30}$/, 'an instance type like t3.small')
    .describe('EC2 instance type.')

export const rootVolumeSize = (sizeGiB: number) =>
  z.int().min(8).max(16_384).default(sizeGiB).describe('Size of the root volume (gp3), in GiB.')

const storageFields = {
  volume_size: z.int().min(1).max(65_536).default(20).describe('Size of the data volume in GiB.'),
  volume_type: z.enum(['gp3', 'io1', 'io2']).default('gp3').describe('EBS volume type.'),
  iops: z.int().min(100).max(256_000).optional().describe('Operations a second; needed with io1 and io2.'),
  throughput: z.int().min(125).max(2_000).optional().describe('MiB/s, with gp3 only.'),
}

/** The volume that holds the role's data. */
export const storage = () =>
  z
    .strictObject(storageFields)
    .refine(({ volume_type, iops }) => volume_type === 'gp3' || iops !== undefined, {
      error: 'expected iops beside volume_type io1 or io2, got none',
      path: ['iops'],
    })
    .refine(({ volume_type, throughput }) => volume_type === 'gp3' || throughput === undefined, {
      error: 'expected throughput with volume_type gp3 only',
      path: ['throughput'],
    })
    .prefault({})
    .describe('Volume of the data.')

/** The same for Terraform. */
export function dataVolume(given: z.infer<ReturnType<typeof storage>>) {
  const { volume_size: size, volume_type: type, iops, throughput } = given
  return { size, type, ...(iops === undefined ? {} : { iops }), ...(throughput && { throughput }) }
}

export const memorySize = (standard: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}[mMgG]$/, 'a memory size like 512M or 4G')
    .default(standard)

const MAX_SETTINGS = 100
/** User data holds 16 KiB in all. */
const SETTING = /^\P{Cc}{0,500}$/u
const SECRET = /passw(or)?d|passphrase|secret|token|credential|jaas|(api|private|access)[_.-]?key|cookie/i
/** Such keys name where a secret lies. */
const SECRET_PLACE = /(env|file|path|location)$/i

/**
 * Settings in the system's own words. They stand in user data, which whoever is on the instance can read: names that
 * look like a secret's are refused, and those that match `alsoSecret`.
 */
export const serverSettings = (alsoSecret?: RegExp) =>
  z
    .record(
      z.string(),
      z.union([z.string().regex(SETTING, 'one line of at most 500 characters'), z.number(), z.boolean()]),
    )
    .superRefine((settings, context) => {
      const keys = Object.keys(settings)
      const refuse = (message: string, path: string[] = []) =>
        context.addIssue({ code: 'custom', message, path })
      if (keys.length > MAX_SETTINGS) refuse(`expected at most ${MAX_SETTINGS} settings, got ${keys.length}`)
      for (const key of keys) {
        const isSecret = (SECRET.test(key) && !SECRET_PLACE.test(key)) || alsoSecret?.test(key)
        // Without its value: that may be the secret.
        if (isSecret) refuse('expected no secret, got one: settings stand in user data', [key])
        else if (!/^[\w.-]{1,200}$/.test(key)) refuse('expected a name of letters, digits, _ . and -', [key])
      }
    })
    .default({})
    .describe("More settings, in the system's own words.")

/** The same for Terraform: texts. */
export function asTexts(settings: Readonly<Record<string, string | number | boolean>>) {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]))
}

/** The version and image of a cluster, where they are known. */
export function versionAndImage({ version, imageId }: LabSettings<unknown, unknown>) {
  return { ...(version !== null && { version }), ...(imageId !== null && { image_id: imageId }) }
}
