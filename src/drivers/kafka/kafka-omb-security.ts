import type { Draft } from './kafka-omb.ts'

const JAAS = /username="((?:\\.|[^"\\])*)".*?password="((?:\\.|[^"\\])*)"/s
const HANDLED = new Set(['security.protocol', 'sasl.mechanism', 'sasl.jaas.config'])

/** Translates `security.protocol`, `sasl.*` and `ssl.*` of OMB's common properties. */
export function translateSecurity(common: ReadonlyMap<string, string>, draft: Draft): void {
  const protocol = common.get('security.protocol') ?? 'PLAINTEXT'
  if (protocol === 'SSL' || protocol === 'SASL_SSL') draft.config.tls = tls(common)
  if (protocol.startsWith('SASL_')) {
    const match = JAAS.exec(common.get('sasl.jaas.config') ?? '')
    if (match)
      draft.config.sasl = {
        mechanism: common.get('sasl.mechanism') ?? 'PLAIN',
        username: match[1]!.replace(/\\(.)/g, '$1'),
        password: match[2]!.replace(/\\(.)/g, '$1'),
      }
    else draft.ignored.push('sasl.jaas.config: expected username="…" password="…" (PLAIN or SCRAM)')
  }
  for (const key of common.keys()) {
    if (!/^(sasl|ssl|security)\./.test(key) || HANDLED.has(key)) continue
    if (key === 'ssl.truststore.location' || key === 'ssl.truststore.type') {
      if (common.get('ssl.truststore.type') === 'PEM') continue
      draft.ignored.push(`${key}: a Java key store cannot be read; give tls.caFile in PEM`)
    } else draft.ignored.push(`${key}: a Java setting; see tls and sasl`)
  }
}

function tls(common: ReadonlyMap<string, string>): Record<string, string> {
  const location = common.get('ssl.truststore.location')
  return common.get('ssl.truststore.type') === 'PEM' && location !== undefined ? { caFile: location } : {}
}
