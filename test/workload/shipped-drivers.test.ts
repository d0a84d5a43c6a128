// Goal: every shipped driver file is read by its driver and points editors at the schema. Method: all files of
// workloads/drivers with the real registry.
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DRIVERS } from '../../src/drivers/registry.ts'
import { readDriverFile } from '../../src/workload/driver-file.ts'
import { SHIPPED_DRIVERS } from '../../src/workload/product-folder.ts'

const files = existsSync(SHIPPED_DRIVERS)
  ? readdirSync(SHIPPED_DRIVERS).filter((file) => file.endsWith('.yaml'))
  : []
const ready = files.length > 0 && DRIVERS.length > 0
if (!ready) console.warn('SKIPPED: shipped driver files, there are none or no driver is registered')

describe.skipIf(!ready)('shipped driver files', () => {
  test.each(files)('%s', async (file) => {
    const path = resolve(SHIPPED_DRIVERS, file)
    const [modeline] = readFileSync(path, 'utf8').split('\n')
    expect(modeline).toBe('# yaml-language-server: $schema=../../schemas/driver.schema.json')
    const driver = await readDriverFile(path, DRIVERS)
    expect(driver.ignored).toEqual([])
    expect(DRIVERS).toContain(driver.entry)
  })

  test('each driver has one of its own name', () => {
    expect(files).toEqual(expect.arrayContaining(DRIVERS.map(({ name }) => `${name}.yaml`)))
  })
})
