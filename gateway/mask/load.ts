import { readFile } from 'node:fs/promises'
import { AppError } from '../../src/errors/app-error.ts'
import type { Settings } from '../config/settings.ts'
import type { Masker, Meter } from '../contracts.ts'
import { createMasker } from './masker.ts'
import { parseMaskRules, parseMaskRulesYaml } from './rules.ts'

/**
 * The masker that the settings describe.
 *
 * @throws AppError('CONFIG') for rules that cannot be read, parsed or carried out.
 */
export async function loadMasker({ values }: Settings, meter: Meter): Promise<Masker> {
  const rules = values.GATEWAY_MASKING_ENABLED ? await readRules(values) : []
  return createMasker(rules, {
    allowReframe: values.GATEWAY_ENABLE_REFRAME,
    maxOpsPerPacket: values.GATEWAY_MASKING_MAX_OPS_PER_PACKET,
    writer: values.GATEWAY_MASKING_SIMD === 'off' ? 'scalar' : 'simd',
    hashKey: values.GATEWAY_MASKING_HASH_KEY,
    meter,
  })
}

async function readRules(values: Settings['values']) {
  const file = values.GATEWAY_MASKING_RULES_FILE
  if (file === null) return parseMaskRules(values.GATEWAY_MASKING_RULES)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new AppError('CONFIG', `GATEWAY_MASKING_RULES_FILE: expected a readable file, got ${file}`, {
      cause,
    })
  }
  return parseMaskRulesYaml(text)
}
