import type { LinkCondition } from './condition.ts'

/** The language between the supervisor and its proxy process: each request is answered once. */
export interface ProxyRequests {
  /** Opens a port that leads to `target` (`host:port`); answers with its own `host:port`. */
  open: { ask: { readonly target: string }; answer: { readonly address: string } }
  /** Changes what happens to all connections of the port at `address`; answered when it holds. */
  change: { ask: { readonly address: string; readonly condition: LinkCondition }; answer: null }
  figures: { ask: null; answer: ProxyFigures }
}

/** What the process holds. */
export interface ProxyFigures {
  readonly connections: number
  /** Bytes under way in all of them. */
  readonly heldBytes: number
  readonly rssBytes: number
}

export type ToProxy = {
  [Name in keyof ProxyRequests]: {
    readonly id: number
    readonly request: Name
    readonly ask: ProxyRequests[Name]['ask']
  }
}[keyof ProxyRequests]

export type FromProxy =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
