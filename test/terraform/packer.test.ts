// Goal: images are of what they claim, checked by sums, tagged, private and closed. Method: the templates are parsed by
// HCL's own parser and read; the versions are held against what local brokers run. Their scripts run in
// `npm run proof:boot`; no image is built here.
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { KAFKA_VERSION } from '../../src/brokers/kafka/kafka-libraries.ts'
import { LAB_SYSTEMS } from '../../src/brokers/lab-systems.ts'
import { runCommand } from '../../src/brokers/provision/index.ts'
import { PULSAR_VERSION } from '../../src/brokers/pulsar/pulsar-install.ts'
import { CLIENT_IMAGE_VERSION } from '../../src/lab/images/software.ts'
import { skipLoudly } from '../support/skip.ts'
import { hclParser } from './hcl.ts'
import { ROOT } from './terraform.ts'

type Block = Readonly<Record<string, unknown>>
type Blocks = Readonly<Record<string, readonly Block[]>>

const signal = new AbortController().signal
const FOLDER = join(ROOT, 'packer')
const SOFTWARE = ['client', 'kafka', 'pulsar', 'rabbitmq']
const parse = await hclParser(signal).catch((error: Error) => error.message)
const missing = typeof parse === 'string' && skipLoudly(`no parser of HCL: ${parse}`)
const templates = [...new Bun.Glob('*.pkr.hcl').scanSync({ cwd: FOLDER })].sort()
const texts = await Promise.all(templates.map((name) => Bun.file(join(FOLDER, name)).text()))
const files: Record<string, unknown>[] = []
if (typeof parse !== 'string') {
  for (const [i, name] of templates.entries()) files.push(await parse(name, texts[i]!))
}
const variables: Blocks = Object.assign({}, ...files.map((file) => file.variable))
const builds = files.flatMap((file) => (file.build ?? []) as Blocks[])
const sources = Object.assign({}, ...files.map((file) => file.source))['amazon-ebs'] as Blocks | undefined

const defaultOf = (name: string) => variables[name]?.[0]?.default

test.skipIf(missing)('there is a build of each software for both systems, with its own name and tags', () => {
  expect(builds.map((build) => build.name as unknown).sort()).toEqual(SOFTWARE)
  for (const build of builds) {
    const software = build.name as unknown as string
    const both = build.source as unknown as Blocks
    expect(Object.keys(both).sort()).toEqual(['amazon-ebs.amazon_linux', 'amazon-ebs.debian'])
    for (const [source] of Object.values(both)) {
      expect(source!.ami_name).toStartWith(`bench-${software}-\${var.`)
      expect(source!.ami_name).toEndWith(`\${var.architecture}-\${local.stamp}`)
      expect(source!.tags).toContain(`merge(local.tags, { Software = "${software}", SoftwareVersion = var.`)
      // The snapshot outlives a deregistered image, and is found by its tags alone.
      expect(source!.snapshot_tags).toBe(source!.tags as string)
    }
  }
})

test.skipIf(missing)('sources are the publishers’ own images, closed and encrypted', () => {
  expect(Object.keys(sources ?? {}).sort()).toEqual(['amazon_linux', 'debian'])
  const owners = { amazon_linux: ['amazon'], debian: ['136693071363'] }
  for (const [name, [source]] of Object.entries(sources!)) {
    const [filter] = source!.source_ami_filter as Block[]
    expect(filter!.owners).toEqual(owners[name as keyof typeof owners])
    expect(filter!.most_recent).toBe(true)
    expect(source!.region).toBe(`\${var.region}`)
    expect(source!.instance_type).toBe(`\${local.instance_type}`)
    expect(source!.imds_support).toBe('v2.0')
    expect((source!.metadata_options as Block[])[0]!.http_tokens).toBe('required')
    const [disk] = source!.launch_block_device_mappings as Block[]
    expect(disk).toMatchObject({ volume_type: 'gp3', encrypted: true, delete_on_termination: true })
    expect(source!.run_tags).toContain('merge(local.tags, var.run_tags')
    expect(source!.run_volume_tags).toBe(`\${merge(local.tags, var.run_tags)}`)
  }
})

test.skipIf(missing)('scripts of a build exist, and get what they read', async () => {
  for (const build of builds) {
    const [shell] = (build.provisioner as unknown as Record<string, Block[]>).shell!
    const given = JSON.stringify(shell!.environment_vars)
    const scripts = (shell!.scripts as string[]).map((path) => path.replace(`\${path.root}`, FOLDER))
    expect(scripts.map((path) => existsSync(path))).toEqual([true, true, true])
    for (const script of scripts) {
      const text = (await Bun.file(script).text()).replaceAll(/^\s*#.*$/gm, '')
      const read = [...text.matchAll(/\$\{?((?:KAFKA|PULSAR|RABBITMQ|ERLANG)_[A-Z_]+)/g)].map(
        (match) => match[1]!,
      )
      expect(read.filter((name) => !given.includes(`"${name}=`) && !given.includes(`\\"${name}=`))).toEqual(
        [],
      )
    }
  }
})

test.skipIf(missing)('variables are described, and all are used', () => {
  const all = texts.join('\n')
  for (const [name, [block]] of Object.entries(variables)) {
    expect({ name, described: typeof block!.description === 'string' }).toEqual({ name, described: true })
    expect({ name, used: new RegExp(`var\\.${name}\\b`).test(all) }).toEqual({ name, used: true })
  }
})

test.skipIf(missing)('images hold the versions that local brokers run, with sums', () => {
  expect(defaultOf('kafka_version')).toBe(KAFKA_VERSION)
  expect(defaultOf('pulsar_version')).toBe(PULSAR_VERSION)
  expect(defaultOf('kafka_checksum')).toMatch(/^sha512:[0-9a-f]{128}$/)
  expect(defaultOf('rabbitmq_checksum')).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(defaultOf('pulsar_checksum')).toBe('published')
})

test.skipIf(missing)('Terraform and configurations ask for the versions that Packer makes', async () => {
  const asked = async (name: string) =>
    /version += optional\(string, "([^"]+)"\)/.exec(
      await Bun.file(join(ROOT, `terraform/aws/${name}.tf`)).text(),
    )?.[1]
  for (const name of ['kafka', 'pulsar', 'rabbitmq']) {
    expect({ name, version: await asked(name) }).toEqual({
      name,
      version: defaultOf(`${name}_version`) as string,
    })
  }
  const images = LAB_SYSTEMS.filter(({ image }) => image !== undefined)
  expect(images.map(({ name }) => name).sort()).toEqual(['kafka', 'pulsar', 'rabbitmq'])
  for (const { name, version } of images)
    expect({ name, version }).toEqual({ name, version: defaultOf(`${name}_version`) as string })
  expect(CLIENT_IMAGE_VERSION).toBe(defaultOf('client_version') as string)
})

const noTerraform =
  Bun.which('terraform') === null && skipLoudly('no terraform on the PATH, whose formatter reads any HCL')
test.skipIf(noTerraform)('templates are formatted', async () => {
  for (const name of templates) {
    const command = {
      command: 'sh',
      args: ['-c', `terraform fmt -check -diff - <${name}`],
      cwd: FOLDER,
      limitMs: 60_000,
    }
    // A CLI configuration that is named and absent would be warned of.
    const env = { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' }
    const { code, stdout } = await runCommand({ ...command, env }, signal)
    expect({ name, code, stdout }).toEqual({ name, code: 0, stdout: '' })
  }
})
