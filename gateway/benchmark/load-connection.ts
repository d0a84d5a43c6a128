/** What a server said to one request: null for success, else a short word for the failure (`HTTP 429`, `reset`, …). */
export type Failure = string | null

/** One connection of a load generator. It keeps the request ready as bytes, so that sending costs a copy at most. */
export interface LoadConnection {
  /** Requests it can take now. */
  readonly room: number
  /** Sends the request; `ticket` comes back with the outcome. Only while `room` > 0. */
  send(ticket: number): void
  close(): void
}

export interface LoadConnectionEvents {
  /** A request is over and its room is free again. */
  onOutcome(connection: LoadConnection, ticket: number, failure: Failure): void
  /** The connection is of no use any more; requests under way have their outcome right after. */
  onLost(connection: LoadConnection): void
}

export interface LoadTarget {
  readonly hostname: string
  readonly port: number
}

/** @throws Error when it cannot be made. */
export type OpenLoadConnection = (events: LoadConnectionEvents) => Promise<LoadConnection>
