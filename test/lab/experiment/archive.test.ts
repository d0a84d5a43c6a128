// Goal: the archive that load generators run is bench and nothing else: the same sources give the same bytes, nothing
// hidden or foreign is in it, and it runs. Method: a folder planted with secrets, packed; tar itself unpacks the product.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { writeBenchArchive } from '../../../src/lab/experiment/archive.ts'
import { tarOf } from '../../../src/lab/experiment/tar.ts'

setDefaultTimeout(120_000)

const folder = mkdtempSync(join(tmpdir(), 'bench-archive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function tar(...args: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(['tar', ...args])
  if (exitCode !== 0) throw new Error(stderr.toString())
  return stdout.toString()
}

/** A small copy of bench, as an installation has it. */
function copyOf(name: string, extra: Readonly<Record<string, string>> = {}): string {
  const root = join(folder, name)
  const files = {
    ...{ bench: '#!/bin/sh\n', 'package.json': '{}', 'bun.lock': '{}', 'bunfig.toml': '', LICENSE: 'ours' },
    ...{ 'src/a.ts': 'a', 'gateway/b.ts': 'b', 'schemas/c.json': '{}', 'templates/d.hbs': 'd' },
    ...{ 'workloads/e.yaml': 'name: e', ...extra },
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

test('the same sources give the same bytes, whenever and wherever they lie', async () => {
  const one = await writeBenchArchive(join(folder, 'one.tar.gz'), copyOf('one'))
  const root = copyOf('two')
  utimesSync(join(root, 'src/a.ts'), 1, 1)
  const two = await writeBenchArchive(join(folder, 'two.tar.gz'), root)
  expect(two.sha256).toBe(one.sha256)
  expect(two.files).toBe(10)
})

test('what is hidden, foreign, linked or installed stays here', async () => {
  const root = copyOf('secrets', {
    '.env': 'SECRET=1',
    '.git/config': 'SECRET',
    'src/.env': 'SECRET=1',
    'src/key.pem': 'SECRET',
    'src/node_modules/x/index.js': 'SECRET',
    'workloads/notes.txt': 'SECRET',
    'node_modules/y/index.js': 'SECRET',
    'config/infrastructure.yaml': 'SECRET',
    'terraform/aws/terraform.tfstate': 'SECRET',
  })
  symlinkSync('/etc/passwd', join(root, 'src/link.json'))
  const { file } = await writeBenchArchive(join(folder, 'secrets.tar.gz'), root)
  expect(tar('-tzf', file).trim().split('\n')).toEqual([
    ...['LICENSE', 'bench', 'bun.lock', 'bunfig.toml', 'gateway/b.ts', 'package.json'],
    ...['schemas/c.json', 'src/a.ts', 'templates/d.hbs', 'workloads/e.yaml'],
  ])
})

test('a copy that is not whole is told', async () => {
  const root = copyOf('part')
  rmSync(join(root, 'bun.lock'))
  const packed = writeBenchArchive(join(folder, 'part.tar.gz'), root)
  await expect(packed).rejects.toThrow('expected bun.lock of bench')
})

test('bench runs from the archive of this checkout', async () => {
  const { file } = await writeBenchArchive(join(folder, 'bench.tar.gz'))
  const root = join(folder, 'unpacked')
  mkdirSync(root)
  tar('-xzf', file, '-C', root)
  symlinkSync(join(import.meta.dir, '../../../node_modules'), join(root, 'node_modules'))
  const run = Bun.spawnSync([process.execPath, join(root, 'src/cli/main.ts'), 'plan', 'workloads/poc.yaml'], {
    cwd: root,
  })
  expect(run.stderr.toString()).toBe('')
  expect(run.exitCode).toBe(0)
  expect(tar('-tvzf', file)).toMatch(/^-rwxr-xr-x .* bench$/m)
})

test('tar reads what is written, whatever the names and sizes', () => {
  const name = fc.stringMatching(/^[a-z0-9_-]{1,60}$/)
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const files = fc.uniqueArray(
    fc.record({ path, content: fc.uint8Array({ maxLength: 1_500 }), isExecutable: fc.boolean() }),
    { selector: (file) => file.path, maxLength: 5, minLength: 1 },
  )
  fc.assert(
    fc.property(files, (given) => {
      const file = join(folder, 'any.tar')
      writeFileSync(file, tarOf(given))
      expect(tar('-tf', file).trim().split('\n')).toEqual(given.map((each) => each.path))
      const all = Bun.spawnSync(['tar', '-xOf', file]).stdout
      expect(Buffer.from(all)).toEqual(Buffer.concat(given.map((each) => each.content)))
    }),
    { numRuns: 25 },
  )
})

test('a path that no tar holds is refused', () => {
  const path = 'a'.repeat(101)
  expect(() => tarOf([{ path, content: new Uint8Array(), isExecutable: false }])).toThrow(RangeError)
})
