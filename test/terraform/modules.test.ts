// Goal: the Terraform code is formatted, valid, and each module does what its own tests say. Method: Terraform itself, on
// a copy; tests under terraform/*/tests run against a mock of the real provider's schema, without AWS.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { type ProviderSchema, parseSchema, schemaText } from './schema.ts'
import { configurations, copyTerraform, providerMirror, ROOT, type TerraformCopy } from './terraform.ts'

const LIMIT_MS = 300_000
const signal = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'bench-terraform-'))
const noTerraform = Bun.which('terraform') === null && skipLoudly('no terraform on the PATH')
const mirror = noTerraform ? null : providerMirror()
const noProvider =
  noTerraform ||
  (mirror === null &&
    skipLoudly(
      'no AWS provider of Terraform: name a mirror of it by BENCH_TERRAFORM_MIRROR (terraform providers mirror)',
    ))

const needsProvider = (below: string) =>
  readFileSync(join(ROOT, 'terraform', below, 'versions.tf'), 'utf8').includes('hashicorp/aws')

let copy: TerraformCopy

/** Fails with what Terraform said. */
async function succeeds(below: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await copy.run(below, args)
  if (code !== 0)
    throw new Error(`terraform ${args.join(' ')} in ${below}: status ${code}\n${stdout}\n${stderr}`)
  return stdout
}

/** As `terraform init`, but the provider, whose files take a while to be checked, is taken over from `aws/`. */
async function prepare(below: string): Promise<void> {
  if (below === 'aws') return
  if (!needsProvider(below)) return void (await succeeds(below, ['init', '-backend=false']))
  await succeeds(below, ['get'])
  for (const part of ['.terraform/providers', '.terraform.lock.hcl']) {
    cpSync(join(copy.folder, 'aws', part), join(copy.folder, below, part), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
}

beforeAll(async () => {
  if (noTerraform) return
  copy = await copyTerraform(folder, mirror, signal)
  if (!noProvider) await succeeds('aws', ['init', '-backend=false'])
}, LIMIT_MS)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.skipIf(noTerraform)('all files are formatted', async () => {
  expect(await succeeds('.', ['fmt', '-check', '-diff', '-recursive'])).toBe('')
})

test.skipIf(noProvider)(
  'an experiment with every system is valid',
  async () => {
    expect(await succeeds('aws', ['validate'])).toContain('Success! The configuration is valid.')
  },
  LIMIT_MS,
)

test.skipIf(noProvider)(
  'the record of what the provider knows is true',
  async () => {
    const file = join(folder, 'schema.json')
    const { code } = await copy.runToFile('aws', ['providers', 'schema', '-json'], file)
    expect(code).toBe(0)
    const { provider_schemas } = (await Bun.file(file).json()) as {
      provider_schemas: Record<string, ProviderSchema>
    }
    const [provider] = Object.values(provider_schemas)
    const recorded = await Bun.file(join(import.meta.dir, 'aws-provider-5.100.txt')).text()
    const types = [...parseSchema(recorded).keys()].filter((path) => !path.includes('.'))
    // A newer provider knows more: what is recorded must still be there, as it is.
    const known = parseSchema(schemaText(provider!, types))
    for (const [path, { attributes }] of parseSchema(recorded)) {
      for (const [name, mark] of attributes) {
        expect({ path, name, mark: known.get(path)?.attributes.get(name) }).toEqual({ path, name, mark })
      }
    }
  },
  LIMIT_MS,
)

test('every module has tests, and says which providers it is valid for', () => {
  const lacking: string[] = []
  for (const below of configurations()) {
    const files = [...new Bun.Glob('tests/*.tftest.hcl').scanSync({ cwd: join(ROOT, 'terraform', below) })]
    if (files.length === 0) lacking.push(`${below}: tests`)
    const versions = readFileSync(join(ROOT, 'terraform', below, 'versions.tf'), 'utf8')
    if (needsProvider(below) && !versions.includes('version = ">= 5.100, < 7"'))
      lacking.push(`${below}: version`)
  }
  expect(lacking).toEqual([])
})

for (const below of configurations()) {
  test.skipIf(needsProvider(below) ? noProvider : noTerraform)(
    `terraform test: ${below}`,
    async () => {
      await prepare(below)
      expect(await succeeds(below, ['test'])).toMatch(/Success! [1-9]\d* passed, 0 failed/)
    },
    LIMIT_MS,
  )
}
