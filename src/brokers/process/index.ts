export { identify, isAlive, isSame, type ProcessIdentity, signalSame } from './identity.ts'
export { freePorts, requireFreePort } from './ports.ts'
export {
  SERVER_NICENESS,
  type ServerExit,
  type ServerOptions,
  type ServerProcess,
  spawnServer,
} from './spawn-server.ts'
export { tail } from './tail.ts'
export { type ProcessUsage, processUsage } from './usage.ts'
export { type WaitOptions, waitUntil } from './wait-until.ts'
export {
  forgetContainer,
  forgetProcess,
  type Guarded,
  guardContainer,
  guardedNow,
  guardProcess,
  releaseAll,
} from './watchdog.ts'
