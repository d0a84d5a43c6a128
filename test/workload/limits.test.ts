// Goal: the smallest message a workload may ask for holds the envelope the engine writes. Method: compare the constants.

import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MIN_MESSAGE_BYTES } from '../../src/workload/limits.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'

const ENVELOPE = resolve(PRODUCT_FOLDER, 'src/engine/envelope.ts')

test.skipIf(!existsSync(ENVELOPE))('MIN_MESSAGE_BYTES holds ENVELOPE_BYTES', async () => {
  const { ENVELOPE_BYTES } = await import(ENVELOPE)
  expect(ENVELOPE_BYTES).toBeGreaterThan(0)
  expect(MIN_MESSAGE_BYTES).toBeGreaterThanOrEqual(ENVELOPE_BYTES)
})
if (!existsSync(ENVELOPE))
  console.warn('SKIPPED: MIN_MESSAGE_BYTES is not compared, src/engine/envelope.ts is missing')
