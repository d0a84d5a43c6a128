import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry, mustRun } from '../../src/brokers/provision/index.ts'

const PARSER = '@cdktf/hcl2json'
const VERSION = '0.21.0'
const LIMIT_MS = 120_000

/** Blocks of an HCL file as JSON; expressions stay text like `${var.region}`. Throws with the position of a mistake. */
export type ParseHcl = (name: string, text: string) => Promise<Record<string, unknown>>

/** The parser, from the cache; brought by this Bun on first use. */
export async function hclParser(signal: AbortSignal): Promise<ParseHcl> {
  const folder = await cacheEntry(
    `hcl2json-${VERSION}`,
    async (temporary) => {
      await writeFile(join(temporary, 'package.json'), '{"private":true}')
      const command = {
        command: process.execPath,
        args: ['add', '--exact', '--ignore-scripts', `${PARSER}@${VERSION}`],
        cwd: temporary,
        limitMs: LIMIT_MS,
        what: 'a parser of HCL',
        hint: 'is the registry of npm reachable?',
      }
      await mustRun(command, signal)
    },
    signal,
  )
  const module = (await import(join(folder, 'node_modules', PARSER))) as { parse: ParseHcl }
  return module.parse
}
