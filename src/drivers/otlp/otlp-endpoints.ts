import { AppError } from '../../errors/app-error.ts'
import { type OtlpConfig, SERVER_SCHEMES } from './otlp-config.ts'

/** A host and port, without what OTLP lays over it. */
export interface Endpoint {
  readonly hostname: string
  readonly port: number
}

/** Where requests go. */
export interface Target extends Endpoint {
  readonly tls: boolean
}

export interface Endpoints {
  /** Of the chosen client; at least one. */
  readonly targets: readonly Target[]
  readonly sinkHttp: Endpoint
  readonly sinkGrpc: Endpoint
}

/**
 * Reads `servers`: `host:port` or `http(s)://host:port` and `grpc(s)://host:port` are the system under test (those of
 * the other client are passed over), `sink+http://host:port` and `sink+grpc://host:port` say where the sink listens,
 * before the settings do.
 */
export function endpointsOf(servers: readonly string[], config: OtlpConfig): Endpoints {
  const targets: Target[] = []
  let sinkHttp: Endpoint = { hostname: config.sinkHost, port: config.sinkHttpPort }
  let sinkGrpc: Endpoint = { hostname: config.sinkHost, port: config.sinkGrpcPort }
  for (const server of servers) {
    const { scheme, ...endpoint } = parse(server, config.client)
    if (scheme === 'sink+http') sinkHttp = endpoint
    else if (scheme === 'sink+grpc') sinkGrpc = endpoint
    else if (scheme === config.client) targets.push({ ...endpoint, tls: false })
    else if (scheme === `${config.client}s`) targets.push({ ...endpoint, tls: true })
  }
  if (targets.length > 0) return { targets, sinkHttp, sinkGrpc }
  throw new AppError(
    'CONFIG',
    `expected a server for client ${config.client} in servers, got ${servers.join(', ') || 'none'}`,
    { hint: `write host:port or ${config.client}://host:port` },
  )
}

function parse(server: string, client: string): Endpoint & { readonly scheme: string } {
  const text = server.includes('://') ? server : `${client}://${server}`
  const [, scheme = '', authority = ''] = /^([a-z+]+):\/\/([^/]+)\/?$/.exec(text) ?? []
  const [, hostname = '', portText] = /^(\[[\da-f:]+\]|[^:@]+)(?::(\d{1,5}))$/i.exec(authority) ?? []
  const port = Number(portText)
  if (SERVER_SCHEMES.includes(scheme) && hostname !== '' && port > 0 && port < 65_536) {
    return { scheme, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port }
  }
  throw new AppError(
    'CONFIG',
    `expected host:port or SCHEME://host:port in servers, got ${JSON.stringify(server.replace(/\/\/.*@/, '//***@'))}`,
    { hint: `schemes are ${SERVER_SCHEMES.join(', ')}` },
  )
}

/** `host:port`, with brackets around an IPv6 address. */
export function authorityOf({ hostname, port }: Endpoint): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}
