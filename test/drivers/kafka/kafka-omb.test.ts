// Goal: OMB's Kafka driver files become our settings, and every property is either taken over or named with a reason.
// Method: a file of our own with the properties that OMB's files use, and some that have no meaning here.
import { expect, test } from 'bun:test'
import { kafkaConfigSchema } from '../../../src/drivers/kafka/kafka-config.ts'
import { kafkaFromOmb } from '../../../src/drivers/kafka/kafka-omb.ts'

const FILE = {
  name: 'Kafka',
  driverClass: 'io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver',
  replicationFactor: 3,
  topicConfig: 'min.insync.replicas=2\nflush.messages=1\n',
  commonConfig: 'bootstrap.servers=one:9092, two:9093\nrequest.timeout.ms=120000\ndefault.api.timeout.ms=1\n',
  producerConfig:
    'acks=-1\nlinger.ms=200\nbatch.size=1048576\ncompression.type=gzip\nenable.idempotence=true\nmax.in.flight.requests.per.connection=1\nretries=5\nodd.setting=1\n',
  consumerConfig:
    'auto.offset.reset=earliest\nenable.auto.commit=false\nmax.partition.fetch.bytes=10485760\n',
}

test('properties are taken over and pass the schema', () => {
  const { config, servers } = kafkaFromOmb(FILE)
  expect(servers).toEqual(['one:9092', 'two:9093'])
  expect(kafkaConfigSchema.parse(config)).toMatchObject({
    acks: 'all',
    lingerMs: 200,
    batchBytes: 900_000,
    compression: 'gzip',
    idempotent: true,
    maxInFlightRequests: 1,
    requestTimeoutMs: 120_000,
    maxBytesPerPartition: 10_485_760,
    replicationFactor: 3,
    topicConfig: { 'min.insync.replicas': '2', 'flush.messages': '1' },
  })
})

test('what has no meaning here is named with a reason', () => {
  const { ignored } = kafkaFromOmb({ ...FILE, extra: 1 })
  for (const name of [
    'batch.size',
    'retries',
    'odd.setting',
    'auto.offset.reset',
    'enable.auto.commit',
    'default.api.timeout.ms',
    'replicationFactor',
    'extra',
  ])
    expect(ignored.filter((line) => line.includes(name)).length).toBeGreaterThan(0)
  expect(ignored.every((line) => /: ./.test(line))).toBe(true)
})

test('SASL of the common properties becomes ours', () => {
  const commonConfig = [
    'security.protocol=SASL_SSL',
    'sasl.mechanism=PLAIN',
    'sasl.jaas.config=a.PlainLoginModule required username="u" password="p\\\\"q";',
    'ssl.truststore.type=PEM',
    'ssl.truststore.location=/ca.pem',
  ].join('\n')
  const { config } = kafkaFromOmb({ ...FILE, commonConfig })
  expect(config.sasl).toEqual({ mechanism: 'PLAIN', username: 'u', password: 'p"q' })
  expect(config.tls).toEqual({ caFile: '/ca.pem' })
})
