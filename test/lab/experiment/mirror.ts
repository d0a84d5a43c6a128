import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The folder that holds `registry.terraform.io` with the AWS provider, where it is without any network:
 * `BENCH_TERRAFORM_MIRROR`, else one at most two folders below the root. Null when there is none.
 */
export function terraformMirror(): string | null {
  const named = process.env.BENCH_TERRAFORM_MIRROR
  if (named) return named
  for (const top of readdirSync('/'))
    for (const folder of [join('/', top), ...subfolders(join('/', top))])
      if (existsSync(join(folder, 'registry.terraform.io/hashicorp/aws'))) return folder
  return null
}

function subfolders(folder: string): string[] {
  if (folder === '/proc' || folder === '/sys') return []
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  } catch {
    return []
  }
}
