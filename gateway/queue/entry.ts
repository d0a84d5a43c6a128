import type { Signal } from '../../src/otlp/signal.ts'

/** One masked request on its way to the upstream. */
export interface Entry {
  readonly signal: Signal
  readonly body: Uint8Array
  /** Region of the slab that pays for `body`. */
  readonly region: number
  /** When it was offered (`Clock.nowUs`). */
  readonly offeredAtUs: number
}
