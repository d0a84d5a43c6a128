import type { ServerUrls } from '../registry.ts'

const HOST = String.raw`(?:\[[0-9a-fA-F:.]+\]|[^\s:/,@[\]]+)(?::\d{1,5})?`
const FORM = new RegExp(`^pulsar(\\+ssl)?://(${HOST}(?:,${HOST})*)/?$`)

const DEFAULT_PORT = 6650
const DEFAULT_TLS_PORT = 6651

/** A service URL as Pulsar's own clients take it, one or more hosts. */
export interface ServiceUrl {
  /** `host:port` of each host. */
  readonly servers: readonly string[]
  readonly tls: boolean
}

/** Takes `pulsar://host:port,host:port` or `pulsar+ssl://…` apart; ports may be left out. Null: it is none. */
export function readServiceUrl(text: string): ServiceUrl | null {
  const found = FORM.exec(text)
  if (found === null) return null
  const tls = found[1] !== undefined
  const port = tls ? DEFAULT_TLS_PORT : DEFAULT_PORT
  const servers = found[2]!.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:${port}`))
  return { servers, tls }
}

/** Service URLs among the `servers` of a driver file. */
export const pulsarServerUrls: ServerUrls = {
  form: FORM,
  example: 'pulsar://host:port',
  read(text) {
    const url = readServiceUrl(text)
    if (url === null) return { servers: [text], config: {} }
    return { servers: url.servers, config: url.tls ? { tls: {} } : {} }
  },
}
