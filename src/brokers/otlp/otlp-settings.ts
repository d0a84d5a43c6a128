import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The product's gateway. */
export const GATEWAY_MAIN = fileURLToPath(new URL('../../../gateway/main.ts', import.meta.url))
const PROFILE = fileURLToPath(new URL('../../../gateway/profiles/bench.env', import.meta.url))

const LOOPBACK = '127.0.0.1'
/** Logs carry the messages by default, so they are masked as spans are; the profile has no rule for their attributes. */
const LOG_RULE =
  'mask-tenant-log-record|LOGS|REDACT_MASK|resourceLogs.scopeLogs[*].logRecords[*].attributes.tenant_id|##########|12|skip|true'

/** Ports of a local gateway, and of the sink that bench puts behind it (and behind its neighbours). */
export interface GatewayPorts {
  readonly http: number
  readonly grpc: number
  readonly metrics: number
  readonly sinkHttp: number
  readonly sinkGrpc: number
}

/** `extra` of the local gateway, for tests. */
export interface OtlpExtra {
  /** How the gateway exports to the sink. Default http. */
  readonly upstream?: 'http' | 'grpc'
  /** Variables that win over the profile's. */
  readonly environment?: Readonly<Record<string, string>>
}

/** The gateway's variables: the shipped profile, a rule for log records, and where to listen and export to. */
export function gatewayVariables(ports: GatewayPorts, extra: OtlpExtra): Record<string, string> {
  const profile = readProfile(readFileSync(PROFILE, 'utf8'))
  return {
    ...profile,
    GATEWAY_MASKING_RULES: [profile.GATEWAY_MASKING_RULES, LOG_RULE].filter(Boolean).join(';'),
    GATEWAY_BIND_ADDRESS: LOOPBACK,
    GATEWAY_HTTP_PORT: String(ports.http),
    GATEWAY_GRPC_PORT: String(ports.grpc),
    GATEWAY_METRICS_HTTP_PORT: String(ports.metrics),
    ...upstreamVariables(ports, extra.upstream ?? 'http'),
    ...extra.environment,
  }
}

function upstreamVariables(ports: GatewayPorts, upstream: 'http' | 'grpc'): Record<string, string> {
  const urls: Record<string, string> = {}
  for (const signal of ['traces', 'metrics', 'logs']) {
    urls[`OTLP_UPSTREAM_${signal.toUpperCase()}_URL`] =
      upstream === 'http'
        ? `http://${LOOPBACK}:${ports.sinkHttp}/v1/${signal}`
        : `grpc://${LOOPBACK}:${ports.sinkGrpc}`
  }
  return urls
}

/** `NAME=value` lines; comments and empty lines are passed over. */
function readProfile(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z_]+=/.test(line))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** The gateway's whole environment: this process's, without variables of a gateway the user may run. */
export function gatewayEnvironment(
  variables: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(GATEWAY_|OTLP_UPSTREAM_)/.test(name))
  return { ...Object.fromEntries(own), ...variables }
}

/** For drivers: where to send, and where the sink must listen; can be pasted into a driver file's `servers`. */
export function gatewayServers(gateways: readonly GatewayPorts[]): string[] {
  const sinks = gateways
    .slice(0, 1)
    .flatMap(({ sinkHttp, sinkGrpc }) => [
      `sink+http://${LOOPBACK}:${sinkHttp}`,
      `sink+grpc://${LOOPBACK}:${sinkGrpc}`,
    ])
  const receivers = gateways.flatMap(({ http, grpc }) => [
    `http://${LOOPBACK}:${http}`,
    `grpc://${LOOPBACK}:${grpc}`,
  ])
  return [...receivers, ...sinks]
}
