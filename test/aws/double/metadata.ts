import { randomUUID } from 'node:crypto'
import { CREDENTIALS, REGION } from './clients.ts'
import type { Machine } from './machine.ts'
import { ACCOUNT } from './moto.ts'

const HOUR_MS = 3_600_000

/** The instance metadata service, version 2 alone: without a token it answers 401. */
export interface Metadata {
  answer(request: Request, machine: Machine | undefined, nowMs: number): Response
}

/** A metadata service without tokens yet. */
export function makeMetadata(): Metadata {
  const tokens = new Set<string>()
  return {
    answer: (request, machine, nowMs) => {
      const { pathname } = new URL(request.url)
      if (machine === undefined) return new Response('no instance has this address', { status: 404 })
      if (pathname === '/latest/api/token' && request.method === 'PUT') {
        const token = randomUUID()
        tokens.add(token)
        return new Response(token)
      }
      if (!tokens.has(request.headers.get('x-aws-ec2-metadata-token') ?? ''))
        return new Response('', { status: 401 })
      const value = factOf(pathname.replace(/^\/latest\//, '').replace(/\/$/, ''), machine, nowMs)
      return value === null ? new Response('', { status: 404 }) : new Response(value)
    },
  }
}

function factOf(path: string, machine: Machine, nowMs: number): string | null {
  const credentials = 'meta-data/iam/security-credentials'
  if (path === 'user-data') return machine.userData === '' ? null : machine.userData
  if (path === 'dynamic/instance-identity/document') return identity(machine)
  if (path === credentials) return machine.profile
  if (path === `${credentials}/${machine.profile}`) return temporaryCredentials(nowMs)
  if (path === 'meta-data/spot/instance-action') return spotAction(machine)
  if (path === 'meta-data/spot/termination-time') return spotTime(machine)
  return facts(machine)[path.replace(/^meta-data\//, '')] ?? null
}

function facts(machine: Machine): Readonly<Record<string, string | null>> {
  const hostname = `ip-${machine.address.replaceAll('.', '-')}.${REGION}.compute.internal`
  return {
    'ami-id': machine.imageId,
    hostname,
    'instance-id': machine.id,
    'instance-life-cycle': machine.isSpot ? 'spot' : 'on-demand',
    'instance-type': machine.type,
    'local-hostname': hostname,
    'local-ipv4': machine.address,
    'placement/availability-zone': machine.zone,
    'placement/region': REGION,
    'public-ipv4': machine.publicAddress,
  }
}

function identity(machine: Machine): string {
  return JSON.stringify({
    accountId: ACCOUNT,
    availabilityZone: machine.zone,
    imageId: machine.imageId,
    instanceId: machine.id,
    instanceType: machine.type,
    privateIp: machine.address,
    region: REGION,
  })
}

function temporaryCredentials(nowMs: number): string {
  return JSON.stringify({
    Code: 'Success',
    Type: 'AWS-HMAC',
    LastUpdated: new Date(nowMs).toISOString(),
    AccessKeyId: CREDENTIALS.accessKeyId,
    SecretAccessKey: CREDENTIALS.secretAccessKey,
    Token: 'test',
    Expiration: new Date(nowMs + 6 * HOUR_MS).toISOString(),
  })
}

function spotTime({ interruptedAtMs }: Machine): string | null {
  return interruptedAtMs === null ? null : `${new Date(interruptedAtMs).toISOString().slice(0, 19)}Z`
}

function spotAction(machine: Machine): string | null {
  const time = spotTime(machine)
  return time === null ? null : JSON.stringify({ action: 'terminate', time })
}
