import type { Capabilities } from '../../driver/capabilities.ts'
import type { DriverModule } from '../../driver/driver.ts'
import { createNullDriver } from './null-driver.ts'

const CAPABILITIES: Capabilities = {
  partitions: 'native',
  choosesPartition: true,
  subscriptions: true,
  orderDomain: 'partition',
  sharedStreams: false,
  delivery: 'at-most-once',
  redeliveryFlag: false,
  redelivers: false,
  replay: false,
  keys: false,
  filtersByStream: false,
  consumerIsServer: false,
  transactions: false,
  brokerTimestamps: false,
  maxMessageBytes: 16 * 1024 * 1024,
}

export const nullModule: DriverModule = {
  name: 'null',
  capabilities: () => CAPABILITIES,
  create: () => createNullDriver(CAPABILITIES),
}
