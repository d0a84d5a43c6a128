import { join } from 'node:path'
import { enter, PLAIN_ENV } from './box/holder.ts'
import type { VpcNetwork } from './box/network.ts'

/** Names of the headers with which a relay says who asked, and at which port. */
export const SOURCE_HEADER = 'x-double-source'
export const PORT_HEADER = 'x-double-port'
/** Two VPCs may have the same addresses. */
export const VPC_HEADER = 'x-double-vpc'

/** Port at which instances find their metadata. */
export const METADATA_PORT = 80
/** Port at which instances find the AWS services: what `AWS_ENDPOINT_URL` names there. */
export const SERVICES_PORT = 4566

/** Carries HTTP from the network of a VPC to a socket of the host: the only way out that an instance has. */
export interface Relay {
  end(): Promise<void>
}

/** Starts a relay in the network; it ends with this process, however that ends. */
export async function startRelay(
  network: VpcNetwork,
  vpcId: string,
  { socket, ports }: { readonly socket: string; readonly ports: readonly number[] },
): Promise<Relay> {
  const script = join(import.meta.dir, 'relay-main.ts')
  const command = [process.execPath, script, vpcId, socket, ...ports.map(String)]
  const child = Bun.spawn(enter(network.pid, ['-n', '-p'], command), {
    env: { ...PLAIN_ENV, BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const reader = child.stdout.getReader()
  const { done } = await reader.read()
  reader.releaseLock()
  if (done) throw new Error(`expected the relay of a VPC to start, its status is ${await child.exited}`)
  return {
    end: async () => {
      await child.stdin.end()
      await child.exited
    },
  }
}
