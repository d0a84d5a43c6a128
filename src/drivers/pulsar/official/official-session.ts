import type { PulsarConfig } from '../pulsar-config.ts'
import type { PulsarSession } from '../pulsar-session.ts'
import type { LoadedLibrary } from './library.ts'
import { createOfficialConsumer } from './official-consumer.ts'
import { createOfficialProducer } from './official-producer.ts'
import { closeAll } from './parts.ts'
import { clientSettings } from './settings.ts'

/** Where the brokers are, and who asks. */
export interface OfficialTarget {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly token: string | null
  readonly connectTimeoutMs: number
}

/** A session by the npm package. It connects with its first producer or consumer: whether a broker answers is not seen here. */
export function officialSession(
  { library, name }: LoadedLibrary,
  { brokers, token, connectTimeoutMs }: OfficialTarget,
  config: PulsarConfig,
): PulsarSession {
  const client = new library.Client(clientSettings(library, brokers, token, config, connectTimeoutMs))
  return {
    clientName: name,
    notes: [
      'pulsar-client has a promise for each message sent, received and acknowledged: its cost is part of the client',
    ],
    createProducer: (spec, signal) => createOfficialProducer(spec, config, client, signal),
    createConsumer: (spec, signal) => createOfficialConsumer(spec, config, client, signal),
    close: (signal) => closeAll([client], signal),
  }
}
