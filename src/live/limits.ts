/** Bounds of the live view: it must never cost the measurement anything worth speaking of. */
export const LIVE_LIMITS = {
  /** Pages that listen at the same time; one more is refused. */
  clients: 16,
  /** Seconds kept for those who come late; of each side only those of its last trial. */
  seconds: 7_200,
  /** Everything else kept for them: trials, steps, verdicts. */
  milestones: 2_000,
  /** Messages that a client may leave unread, beyond what the system buffers, before it is dropped. */
  unreadMessages: 256,
  /** Kinds of errors told apart of each side; the rest is `other`. */
  errorKinds: 64,
  /** Characters of any text that is passed on. */
  textCharacters: 500,
  /** How long the last messages have to leave before connections are closed. */
  closeMs: 1_000,
} as const
