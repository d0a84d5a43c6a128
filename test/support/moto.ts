import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AwsTools, type Moto, startMoto } from '../aws/double/moto.ts'

/** A moto server with nothing in it, in a folder of its own which goes with it. For the whole double: `startAwsDouble`. */
export async function motoAlone(tools: AwsTools): Promise<Pick<Moto, 'endpoint' | 'stop'>> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-moto-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const signal = new AbortController().signal
    const { endpoint, stop } = await startMoto({ tools, folder, hasManagedPolicies: false }, signal)
    return { endpoint, stop: () => stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}
