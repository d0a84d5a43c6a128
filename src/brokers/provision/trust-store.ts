import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { cacheEntry } from './cache.ts'

const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]
const JKS_MAGIC = 0xfeedfeed
const JKS_VERSION = 2
const TRUSTED_CERTIFICATE = 2
/** Java's own default for `cacerts`; it protects nothing, the certificates are public. */
const PASSWORD = 'changeit'

/**
 * A Java trust store with the machine's root certificates. Debian's is made by an install script, which does not run
 * when packages are only unpacked: such a Java would trust nobody.
 */
export async function javaTrustStore(signal: AbortSignal): Promise<string> {
  const certificates = machineCertificates()
  const key = createHash('sha256').update(Buffer.concat(certificates)).digest('hex').slice(0, 12)
  const folder = await cacheEntry(
    `java-trust-${key}`,
    (temporary) => writeFile(join(temporary, 'cacerts'), encodeJks(certificates)),
    signal,
  )
  return join(folder, 'cacerts')
}

function machineCertificates(): Buffer[] {
  const files = [process.env.SSL_CERT_FILE, process.env.NODE_EXTRA_CA_CERTS, ...BUNDLES]
  const found = files.flatMap((file) => (file ? certificatesOf(readOrEmpty(file)) : []))
  const all = found.length > 0 ? found : rootCertificates.flatMap(certificatesOf)
  return [...new Map(all.map((certificate) => [certificate.toString('base64'), certificate])).values()]
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** The certificates of a PEM text, as DER. */
export function certificatesOf(pem: string): Buffer[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)
  return [...blocks].map((block) => Buffer.from(block[1]!, 'base64'))
}

/** A store in Java's JKS format: the entries, closed by a keyed digest. */
export function encodeJks(certificates: readonly Buffer[]): Buffer {
  const entries = certificates.map((certificate, index) =>
    Buffer.concat([
      uint32(TRUSTED_CERTIFICATE),
      utf(`root-${index}`),
      Buffer.alloc(8),
      utf('X.509'),
      uint32(certificate.length),
      certificate,
    ]),
  )
  const body = Buffer.concat([uint32(JKS_MAGIC), uint32(JKS_VERSION), uint32(entries.length), ...entries])
  const digest = createHash('sha1')
    .update(Buffer.from(PASSWORD, 'utf16le').swap16())
    .update('Mighty Aphrodite')
    .update(body)
    .digest()
  return Buffer.concat([body, digest])
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}

function utf(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, Buffer.from(text, 'latin1')])
}
