/** What a proxy does to the bytes that go one way. */
export interface WayCondition {
  /** Everything comes so much later … */
  readonly delayMs: number
  /** … more or less by up to this, evenly; what was sent first still comes first. */
  readonly jitterMs: number
  /** Bytes a second that all connections of the link together may pass this way; null = no limit. */
  readonly bytesPerS: number | null
  /** Nothing passes, and nobody is told: what is sent waits, here and at its sender. */
  readonly blackHole: boolean
}

/** What a proxy does to all connections of a link. */
export interface LinkCondition {
  readonly toBroker: WayCondition
  readonly toClient: WayCondition
  /** Connections that are there are reset, and new ones as soon as they come. */
  readonly reset: boolean
}

export const CLEAR_WAY: WayCondition = { delayMs: 0, jitterMs: 0, bytesPerS: null, blackHole: false }
/** Bytes pass as they come. */
export const CLEAR: LinkCondition = { toBroker: CLEAR_WAY, toClient: CLEAR_WAY, reset: false }
