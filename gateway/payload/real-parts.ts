import type { PlainAttributes } from '../../src/otlp/build/values.ts'
import type { Scope } from '../../src/otlp/description.ts'
import type { Random } from './random.ts'

/** Fixed: equal seeds give equal bytes. */
export const START_NANO = 1_700_000_000_000_000_000n

export const SERVICES = ['checkout', 'payment', 'catalogue'] as const

/** The attributes that an SDK with its resource detectors sets; one service in three belongs to a tenant. */
export function sdkResource(service: string, random: Random): PlainAttributes {
  return {
    'service.name': service,
    'service.namespace': 'shop',
    'service.version': '2.14.3',
    'service.instance.id': Buffer.from(random.bytes(16)).toString('hex'),
    'deployment.environment.name': 'production',
    'host.name': `${service}-7c9d8b6f5-x2x9p`,
    'host.arch': 'amd64',
    'os.type': 'linux',
    'process.pid': 1,
    'process.command_args': ['java', '-Xmx2g', '-jar', `/app/${service}.jar`],
    'process.runtime.name': 'OpenJDK Runtime Environment',
    'telemetry.sdk.language': 'java',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.version': '1.54.0',
    'k8s.namespace.name': 'shop-prod',
    'k8s.pod.name': `${service}-7c9d8b6f5-x2x9p`,
    'k8s.node.restarted': false,
    ...(service === 'checkout' ? { tenant_id: tenant(random) } : {}),
  }
}

export function scopeOf(name: string): Scope {
  return { name, version: '2.20.1-alpha' }
}

/** `tenant-0000` … `tenant-0009`. */
export function tenant(random: Random): string {
  return `tenant-000${random.whole(10)}`
}
