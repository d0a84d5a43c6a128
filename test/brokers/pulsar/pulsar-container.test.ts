// Goal: the container gets the settings of the native node, reachable through published ports. Method: the environment
// as made for it; the image itself needs an engine (test/broker/containers).
import { expect, test } from 'bun:test'
import { containerEnvironment } from '../../../src/brokers/pulsar/pulsar-container.ts'

test('settings go by environment, memory by the variables of the image', () => {
  const files = { dataFolder: '/d', logFile: '/l', configFile: '/c' }
  const plan = {
    name: 'pulsar-1',
    port: 16650,
    webPort: 18080,
    tlsPort: null,
    front: null,
    bookiePort: 13181,
    ...files,
  }
  const env = containerEnvironment(plan, 'measured')
  expect(env).toMatchObject({
    PULSAR_MEM: '-Xms1024m -Xmx1024m -XX:MaxDirectMemorySize=1024m',
    PULSAR_GC: '-XX:+UseG1GC -XX:MaxGCPauseMillis=10',
    PULSAR_PREFIX_brokerServicePort: '16650',
    PULSAR_PREFIX_webServicePort: '18080',
    PULSAR_PREFIX_bindAddress: '0.0.0.0',
    PULSAR_PREFIX_advertisedAddress: '127.0.0.1',
    PULSAR_PREFIX_journalSyncData: 'false',
    PULSAR_PREFIX_managedLedgerNewEntriesCheckDelayInMillis: '0',
  })
})
