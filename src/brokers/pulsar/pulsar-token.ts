import { createHmac } from 'node:crypto'

export interface TokenClaims {
  /** The role: `sub`. */
  readonly subject: string
  /** Seconds since 1970 after which it is refused; default: never. */
  readonly expiresAtS?: number
}

/**
 * A JSON Web Token signed by HMAC-SHA-256 (RFC 7515, RFC 7519), as Pulsar's token authentication takes it with a
 * symmetric key. `secret` is the key's bytes, at least 32. The token is itself a secret.
 */
export function signToken(secret: Uint8Array, { subject, expiresAtS }: TokenClaims): string {
  const claims = { sub: subject, ...(expiresAtS === undefined ? {} : { exp: expiresAtS }) }
  const signed = `${encoded({ alg: 'HS256' })}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function encoded(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
