import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CopyImageCommand, CreateTagsCommand } from '@aws-sdk/client-ec2'
import type { Log } from '../../src/brokers/provision/index.ts'
import { anyImage, tagList } from '../../test/aws/double/account.ts'
import { LINK_LOCAL } from '../../test/aws/double/box/network.ts'
import { REGION } from '../../test/aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../test/aws/double/double.ts'
import type { AwsTools } from '../../test/aws/double/moto.ts'
import { ROOT } from '../../test/terraform/terraform.ts'
import { imageRoot } from '../boot/images.ts'
import { SOFTWARE_VERSIONS } from '../boot/mirror.ts'
import { startNpmMirror } from './npm-mirror.ts'

/** Tag Project of images and experiments. */
export const PROJECT = 'pulsar-aws-lab'

/** AWS on this machine, whose account holds images with real brokers. */
export interface LabDouble {
  readonly aws: AwsDouble
  close(): Promise<void>
}

// Debian's command line of AWS is older than the variable that names the endpoint.
const AWS = `#!/bin/sh
exec /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"
`

/**
 * Starts it; images that the cache lacks are made first, some minutes each. The signal ends that; AWS stays when it aborts
 * later, for whoever cleans up there.
 */
export async function startLabDouble(
  software: readonly string[],
  tools: AwsTools,
  log: Log,
  signal: AbortSignal,
): Promise<LabDouble> {
  const prepared = new Map<string, string>()
  for (const name of software) prepared.set(name, await imageRoot(name, log, signal))
  const inside = (port: number) => `http://${LINK_LOCAL}:${port}`
  const npm = await startNpmMirror(inside, signal)
  const roots = new Map<string, string>()
  const files = {
    '/usr/local/bin/aws': AWS,
    '/usr/local/bin/systemctl': readFileSync(join(ROOT, 'test/terraform/systemctl'), 'utf8'),
    '/root/.npmrc': `registry=${inside(npm.port)}/\n`,
  }
  const options = {
    ...{ tools, files, ports: [npm.port], hasManagedPolicies: false },
    imageRoot: (id: string) => roots.get(id) ?? '/',
  }
  const aws = await startAwsDouble(options, new AbortController().signal).catch(async (error) => {
    await npm.stop()
    throw error
  })
  const close = async () => {
    await aws.close()
    await npm.stop()
  }
  try {
    for (const [name, root] of prepared) roots.set(await addImage(aws, name), root)
  } catch (error) {
    await close()
    throw error
  }
  return { aws, close }
}

/** As Packer leaves it; its id. moto's own way to register one forgets its tags and what it runs on. */
async function addImage({ behind: { ec2 } }: AwsDouble, software: string): Promise<string> {
  const version = SOFTWARE_VERSIONS[software]!
  const copy = { SourceImageId: await anyImage({ ec2 }), SourceRegion: REGION }
  const { ImageId } = await ec2.send(
    new CopyImageCommand({ ...copy, Name: `bench-${software}-${version}-debian12` }),
  )
  const tags = { Project: PROJECT, Software: software, SoftwareVersion: version }
  await ec2.send(new CreateTagsCommand({ Resources: [ImageId!], Tags: tagList(tags) }))
  return ImageId!
}
