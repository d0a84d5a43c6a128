import packageJson from '../../package.json' with { type: 'json' }
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import type { Output } from './output.ts'

/** Prints the version of bench, of the runtime and of the clients it embeds. */
export async function runVersion(options: { json: boolean }, out: Output): Promise<ExitCode> {
  const versions: Record<string, string> = {
    bench: packageJson.version,
    bun: Bun.version,
    ...packageJson.dependencies,
  }
  if (options.json) out.stdout(JSON.stringify(versions))
  else for (const [name, version] of Object.entries(versions)) out.stdout(`${name} ${version}`)
  return EXIT.ok
}
