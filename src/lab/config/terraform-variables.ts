import type { LabConfig } from './lab-config.ts'

/** What an experiment has beside its configuration. */
export interface TerraformInputs {
  readonly experimentId: string
  /** Wall time of the start, milliseconds: the TTL counts from it. */
  readonly startedMs: number
  /** Path of a .tar.gz of bench for the load generators; null: their image holds it. */
  readonly benchArchive: string | null
}

/** Values of the variables of terraform/aws. Secrets are none of them: those go by the environment. */
export function terraformVariables(
  config: LabConfig,
  { experimentId, startedMs, benchArchive }: TerraformInputs,
): Readonly<Record<string, unknown>> {
  const { aws, client } = config
  return {
    experiment_id: experimentId,
    experiment_name: config.name,
    project: config.project,
    expires_at: expiresAt(startedMs, config.ttlS),
    tags: config.tags,
    region: aws.region,
    availability_zones: aws.availability_zones,
    vpc_cidr: aws.vpc_cidr,
    architecture: aws.architecture,
    use_spot_instances: aws.use_spot_instances,
    ...(aws.spot_max_price !== undefined && { spot_max_price: String(aws.spot_max_price) }),
    ...(aws.ssh !== undefined && { ssh: aws.ssh }),
    ...(aws.permissions_boundary !== undefined && { permissions_boundary: aws.permissions_boundary }),
    ...(benchArchive !== null && { bench_archive: benchArchive }),
    client,
    ...Object.fromEntries(config.systems.map(({ variable, value }) => [variable, value])),
  }
}

/** Text of a `terraform.tfvars.json`, with a newline at its end; the same input gives the same text. */
export function tfvarsJson(config: LabConfig, inputs: TerraformInputs): string {
  return `${JSON.stringify(terraformVariables(config, inputs), null, 2)}\n`
}

/** RFC 3339, UTC, whole seconds. */
function expiresAt(startedMs: number, ttlS: number): string {
  return new Date(startedMs + ttlS * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
