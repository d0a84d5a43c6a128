import { join } from 'node:path'
import { type Java, type Log, type MavenDependency, mavenLibraries } from '../provision/index.ts'

/** The newest release whose artifacts all resolve. */
export const KAFKA_VERSION = '4.3.1'
export const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`

// Kafka 4 logs through slf4j-api 1.7, so the binding for 1.7 is the right one; its version is that of Kafka's own log4j.
const DEPENDENCIES: readonly MavenDependency[] = [
  { group: 'org.apache.kafka', artifact: 'kafka_2.13', version: KAFKA_VERSION },
  { group: 'org.apache.logging.log4j', artifact: 'log4j-slf4j-impl', version: '2.25.4' },
]

/** What is needed to start a Kafka process. */
export interface KafkaInstallation {
  readonly java: Java
  /** Folder of the jars. */
  readonly libraries: string
  /** Class-data archive, or null when none could be made. */
  readonly archive: string | null
}

/** Folder of Kafka's jars in the cache. */
export function kafkaLibraries(log: Log, signal: AbortSignal): Promise<string> {
  return mavenLibraries({ name: `kafka-${KAFKA_VERSION}`, dependencies: DEPENDENCIES }, log, signal)
}

/** Arguments that put Kafka on the class path. */
export function classPath(libraries: string): string[] {
  return ['-cp', join(libraries, '*')]
}
