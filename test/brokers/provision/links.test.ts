// Goal: mending the links of unpacked packages touches nothing outside of their folder. Method: a folder with a link
// that leads out, to a folder with links of its own, as packages of certificates have.
import { afterEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pointLinksInto } from '../../../src/brokers/provision/links.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-links-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('links to what was unpacked become relative; what lies outside stays as it was', async () => {
  const outside = join(folder, 'outside')
  const root = join(folder, 'root')
  mkdirSync(outside)
  mkdirSync(join(root, 'usr/lib'), { recursive: true })
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc/file'), 'x')
  symlinkSync('/etc/file', join(outside, 'host-link'))
  symlinkSync(outside, join(root, 'usr/lib/out'))
  symlinkSync('/etc/file', join(root, 'usr/lib/in'))

  await pointLinksInto(root)

  expect(readlinkSync(join(root, 'usr/lib/in'))).toBe('../../etc/file')
  expect(readlinkSync(join(root, 'usr/lib/out'))).toBe(outside)
  expect(readlinkSync(join(outside, 'host-link'))).toBe('/etc/file')
})
