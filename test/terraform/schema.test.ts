// Goal: the Terraform code fits the AWS provider where no provider is to be had. Method: HCL's own parser, and a record of
// what the provider knows of our resources, of both major versions that we claim (modules.test.ts holds that of 5.100
// against the provider itself); mistakes made on purpose must be found.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { hclParser } from './hcl.ts'
import { parseSchema, type Schema, schemaFaults, typesIn } from './schema.ts'
import { ROOT } from './terraform.ts'

const FOLDER = join(ROOT, 'terraform')
const parse = await hclParser(new AbortController().signal).catch((error: Error) => error.message)
const missing = typeof parse === 'string' && skipLoudly(`no parser of HCL: ${parse}`)
const names = [...new Bun.Glob('**/*.tf').scanSync({ cwd: FOLDER })].sort()
const texts = await Promise.all(names.map((name) => Bun.file(join(FOLDER, name)).text()))
const schemas = new Map<string, Schema>()
for (const version of ['5.100', '6.25']) {
  schemas.set(
    version,
    parseSchema(await Bun.file(join(import.meta.dir, `aws-provider-${version}.txt`)).text()),
  )
}

async function faultsOf(name: string, text: string, schema = schemas.get('5.100')!): Promise<string[]> {
  if (typeof parse === 'string') return []
  return schemaFaults(name, await parse(name, text), text, schema)
}

for (const [version, schema] of schemas) {
  test.skipIf(missing)(
    `provider ${version} knows every resource, argument, block and reference`,
    async () => {
      expect(names.length).toBeGreaterThan(40)
      const faults: string[] = []
      for (const [i, name] of names.entries()) faults.push(...(await faultsOf(name, texts[i]!, schema)))
      expect(faults).toEqual([])
    },
  )

  test(`the record of ${version} has exactly the types that are used`, () => {
    const recorded = [...schema.keys()].filter((path) => !path.includes('.')).sort()
    expect(recorded).toEqual(typesIn(texts))
  })
}

const SUBNET = 'vpc_id = aws_vpc.this.id\n'
const MISTAKES: readonly (readonly [what: string, hcl: string, fault: string])[] = [
  [
    'a typo in an argument',
    `resource "aws_subnet" "a" {\n${SUBNET} cidr_blok = "x"\n}`,
    'x.tf: aws_subnet.a: cidr_blok is not known',
  ],
  [
    'a missing argument',
    'resource "aws_subnet" "a" {\n cidr_block = "x"\n}',
    'x.tf: aws_subnet.a: vpc_id is missing',
  ],
  [
    'an argument that can only be read',
    `resource "aws_subnet" "a" {\n${SUBNET} arn = "x"\n}`,
    'x.tf: aws_subnet.a: arn can only be read',
  ],
  [
    'an unknown resource',
    'resource "aws_subnett" "a" {\n}',
    'x.tf: aws_subnett.a: resource aws_subnett is not known',
  ],
  [
    'a typo in a block',
    'resource "aws_instance" "a" {\n metadata_options {\n  http_token = "required"\n }\n}',
    'x.tf: aws_instance.a.metadata_options: http_token is not known',
  ],
  [
    'a typo in a dynamic block',
    'resource "aws_instance" "a" {\n dynamic "ebs_block_device" {\n  for_each = []\n  content {\n   device_name = "x"\n   size = 1\n  }\n }\n}',
    'x.tf: aws_instance.a.ebs_block_device: size is not known',
  ],
  [
    'a block that is missing',
    'resource "aws_s3_bucket_server_side_encryption_configuration" "a" {\n bucket = "x"\n}',
    'x.tf: aws_s3_bucket_server_side_encryption_configuration.a: rule is missing',
  ],
  [
    'an unknown attribute',
    'output "a" {\n value = aws_vpc.this.idd\n}',
    'x.tf: aws_vpc.this.idd: idd is not known',
  ],
]

for (const [what, hcl, fault] of MISTAKES) {
  test.skipIf(missing)(`${what} is found`, async () => {
    expect(await faultsOf('x.tf', hcl)).toEqual([fault])
  })
}
