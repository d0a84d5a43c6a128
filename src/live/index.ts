/** The live view: a page and `/metrics` on loopback while a run goes on. */
export type { LiveEnding } from './event-log.ts'
export { createLiveRun, type LiveFacts, type LiveRun } from './live-run.ts'
export { type LiveServer, startLiveServer } from './server.ts'
