/** Bytes that one connection may have on their way in one direction; beyond that its sender has to wait. */
export const MAX_PIPE_BYTES = 4 * 1024 * 1024
/** The same of all connections together: beyond that, who has more than its share waits. */
export const MAX_TOTAL_BYTES = 256 * 1024 * 1024
/** What each connection may have whatever the others have. */
export const PIPE_SHARE_BYTES = 64 * 1024
/** With a limited bandwidth, what waits is worth at most this much time of it, as in the queue of a router … */
export const ROUTER_QUEUE_S = 0.25
/** … and never less than this. */
export const MIN_ROUTER_BYTES = 16 * 1024
/** With a limited bandwidth, bytes pass in pieces worth this much time of it, within these limits. */
export const PIECE_S = 0.005
export const MIN_PIECE_BYTES = 256
export const MAX_PIECE_BYTES = 64 * 1024
/** Time for a connection to the broker to come about. */
export const CONNECT_LIMIT_MS = 30_000
