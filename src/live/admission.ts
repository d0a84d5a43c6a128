const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']

/** Why a request is turned away. */
export interface Refusal {
  readonly status: 403 | 405
  readonly reason: string
}

/**
 * Lets through what a person at this machine asked for. A page of another site can make the browser ask us, under a
 * name of its own that it points at us: then Host or Origin is not this machine. Ports are not looked at: a tunnel
 * has its own.
 */
export function refusalOf(request: Request): Refusal | null {
  if (request.method !== 'GET') return { status: 405, reason: 'expected GET' }
  if (!isLoopback(`http://${request.headers.get('host') ?? ''}`))
    return { status: 403, reason: `expected Host to be one of ${LOOPBACK_NAMES.join(', ')}` }
  const origin = request.headers.get('origin')
  if (origin !== null && !isLoopback(origin))
    return { status: 403, reason: 'expected to be asked by a page of this machine' }
  return null
}

function isLoopback(address: string): boolean {
  return URL.canParse(address) && LOOPBACK_NAMES.includes(new URL(address).hostname)
}
