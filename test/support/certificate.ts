import { afterAll } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A self-signed certificate for 127.0.0.1, which is its own authority, until the calling test file ends; null, loudly,
 * where openssl is missing.
 */
export function testCertificate(): { ca: string; certificate: string; key: string } | null {
  const directory = mkdtempSync(join(tmpdir(), 'bench-certificate-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const certificate = join(directory, 'certificate.pem')
  const key = join(directory, 'key.pem')
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ])
  if (made.status === 0) return { ca: certificate, certificate, key }
  console.warn('SKIPPED: a TLS test needs openssl, which is not here (apt-get install openssl)')
  return null
}
