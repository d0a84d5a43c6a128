import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from './command.ts'

/** PEM files of a server certificate for loopback and of the fresh authority that signed it. */
export interface ServerCertificate {
  readonly caFile: string
  readonly certificateFile: string
  /** PKCS #8, not encrypted: the folder is readable by its owner only. */
  readonly keyFile: string
}

const COMMAND_LIMIT_MS = 30_000
const VALID_DAYS = '2'

/**
 * Makes a certificate authority and a certificate for 127.0.0.1 and localhost, both short-lived, by `openssl`. Throws
 * `AppError('MISSING_TOOL')` without it.
 */
export async function makeServerCertificate(folder: string, signal: AbortSignal): Promise<ServerCertificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = (name: string) => join(folder, name)
  const key = ['-newkey', 'rsa:2048', '-nodes']
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const authority = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=bench test CA']
  await openssl(['req', '-x509', ...key, ...authority, '-days', VALID_DAYS], signal)
  const request = ['-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=localhost']
  await openssl(['req', ...key, ...request], signal)
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial']
  const made = ['-in', file('server.csr'), '-out', file('server.pem'), '-extfile', file('names')]
  await openssl(['x509', '-req', ...made, ...signer, '-days', VALID_DAYS], signal)
  return { caFile: file('ca.pem'), certificateFile: file('server.pem'), keyFile: file('server.key') }
}

function openssl(args: readonly string[], signal: AbortSignal) {
  const what = 'certificates for the TLS listener'
  return mustRun(
    { command: 'openssl', args, limitMs: COMMAND_LIMIT_MS, what, hint: 'install openssl' },
    signal,
  )
}
