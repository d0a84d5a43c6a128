/** Every bound of the engine, in one place. */

/** One batch stays below the 1 MiB at which brokers refuse a request, and small enough to interleave. */
export const MAX_BATCH_MESSAGES = 500
export const MAX_BATCH_BYTES = 512 * 1024
/** Batches sent in one turn of the event loop before it is yielded to sockets and timers. */
export const MAX_BATCHES_PER_TURN = 16
/** How long a producer that is in debt when measure ends may go on; afterwards the rest counts as never sent. */
export const LAST_SENDS_MS = 1000
/**
 * Time for a process's producers to settle and close, and again for its consumers to leave. Then what is outstanding is
 * given up as unknown: a system that froze must not take the report of all that came before with it.
 */
export const CLOSE_LIMIT_MS = 10_000
/** A refused producer that hears no `onWritable` tries again after this. */
export const REFUSED_RETRY_MS = 10
/** Span of one producer's sequence between the oldest unsettled message and the next to send. */
export const MAX_IN_FLIGHT_SPAN = 2 ** 21
/** Bytes of accepted, unsettled messages of a process. */
export const MAX_IN_FLIGHT_BYTES = 256 * 1024 * 1024
/** Free slabs kept for reuse. */
export const MAX_FREE_SLABS = 64
/** Intervals of driver time remembered for messages not yet sent; beyond that, neighbours become one. */
export const MAX_BUSY_INTERVALS = 65_536
/** Runs of rejected or unknown messages kept, per stream and per producer. */
export const MAX_RUNS_PER_STREAM = 4096
export const MAX_RUNS_PER_PRODUCER = 65_536
/** Scheduled instants remembered by a producer over all its streams. */
export const MAX_CHECKPOINTS_PER_PRODUCER = 65_536
export const MAX_CHECKPOINTS_PER_STREAM = 4096
export const MIN_CHECKPOINTS_PER_STREAM = 16
/** Kinds of errors counted by name; further ones are counted as `other`. */
export const MAX_ERROR_KINDS = 64
/** Characters of a thrown message that make its kind. */
export const MAX_KIND_LENGTH = 80
/** Memory of the audit's sets in a process, all subscriptions together. */
export const MAX_AUDIT_BYTES = 256 * 1024 * 1024
/** Times without an acknowledgement kept by a process; beyond that, the longest. */
export const MAX_ACKNOWLEDGEMENT_GAPS = 4096
/** Producers told by a process, those with the longest time without an acknowledgement. */
export const MAX_GAP_PRODUCERS = 10
/** Producers, and streams, that the audit names one by one. */
export const MAX_BREAKDOWN_ROWS = 20
