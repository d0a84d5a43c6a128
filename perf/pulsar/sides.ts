import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PulsarInstallation } from '../../src/brokers/pulsar/pulsar-install.ts'
import {
  BATCH_BYTES,
  BATCH_DELAY_MS,
  type Interval,
  MESSAGE_BYTES,
  RECEIVER_QUEUE,
  type RunSpec,
} from './spec.ts'

export type Role = 'producer' | 'consumer'

/** How to start one process of a side, and how to understand it. */
export interface Side {
  readonly name: 'bench' | 'pulsar-perf'
  command(role: Role, spec: RunSpec): readonly string[]
  /** Whether the line says that the consumer is subscribed. */
  isReady(line: string): boolean
  /** The interval that a line reports; null for any other line. */
  interval(line: string): Interval | null
}

/** Our driver, a process for the producer and one for the consumer, as bench runs them. */
export const benchSide: Side = {
  name: 'bench',
  command: (role, spec) => [
    process.execPath,
    join(import.meta.dir, 'our-client.ts'),
    role,
    JSON.stringify(spec),
  ],
  isReady: (line) => line === 'ready',
  interval: (line) => (line.startsWith('{') ? (JSON.parse(line) as Interval) : null),
}

/** As many as it will never reach: its limiter must not limit. */
const UNLIMITED_HZ = 1_000_000
/** It is ended before. */
const TIME_S = 600
// Less direct memory than this is not enough for its histograms.
const MEMORY = ['-Xms1g', '-Xmx1g', '-XX:MaxDirectMemorySize=384m']
/** As `bin/pulsar-perf` opens them, for unsafe buffers and hardware checksums. */
const OPENED = ['sun.net', 'java.lang', 'java.util.zip', 'java.nio', 'jdk.internal.misc']
const LOG4J = `<Configuration status="error">
  <Appenders><Console name="console"><PatternLayout pattern="%m%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
`
// Throughput produced:   93511 msg ---  9322.1 msg/s --- … --- Latency: mean: 1.9 ms - med: 1.8 - 95pct: 3 - 99pct: 4.1 …
const LINE =
  /Throughput (?:produced|received): *(\d+) msg --- *([\d.]+) +msg\/s .*med: *([\d.]+) .*99pct: *([\d.]+) /

/** The load generator of Pulsar's own distribution: two JVMs. */
export function pulsarPerfSide({ java, home }: PulsarInstallation, folder: string): Side {
  mkdirSync(folder, { recursive: true })
  const logging = join(folder, 'log4j2.xml')
  writeFileSync(logging, LOG4J)
  const flags = [
    ...MEMORY,
    `-Dlog4j2.configurationFile=${logging}`,
    '-Djava.net.preferIPv4Stack=true',
    '-Dio.netty.tryReflectionSetAccessible=true',
    '-Dio.netty.leakDetection.level=disabled',
    ...OPENED.flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]),
  ]
  const main = 'org.apache.pulsar.testclient.PulsarPerfTestTool'
  return {
    name: 'pulsar-perf',
    command(role, spec) {
      const common = [...['-u', `pulsar://${spec.servers[0]}`, '-time', String(TIME_S), '-ioThreads', '1']]
      const roles = {
        producer: [
          ...['produce', '-r', String(spec.rateHz ?? UNLIMITED_HZ), '-s', String(MESSAGE_BYTES)],
          ...['-o', String(spec.inFlight), '-b', String(BATCH_DELAY_MS), '-threads', '1'],
          ...['-bm', String(spec.batchMessages), '-bb', String(BATCH_BYTES)],
        ],
        consumer: ['consume', '-ss', 'perf', '-sp', 'Earliest', '-q', String(RECEIVER_QUEUE)],
      }
      // The one partition by its own name: its producer then has no layer for partitions, which would cost it.
      const topic = `persistent://public/bench/${spec.topic}-partition-0`
      const classPath = join(home, 'lib', '*')
      return [
        java.java,
        ...flags,
        '-cp',
        classPath,
        main,
        join(home, 'conf/client.conf'),
        ...roles[role],
        ...common,
        topic,
      ]
    },
    isReady: (line) => line.includes('Start receiving'),
    interval(line) {
      const found = LINE.exec(line)
      if (found === null) return null
      const [total, rateHz, p50Ms, p99Ms] = found.slice(1).map(Number)
      return { total: total!, rateHz: rateHz!, p50Ms: p50Ms!, p99Ms: p99Ms! }
    },
  }
}
