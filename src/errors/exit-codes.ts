/**
 * The process exit codes of `bench`. Scripts rely on them: a number never changes its meaning.
 * They are documented in README.md; a test holds the two together.
 */
export const EXIT = {
  ok: 0,
  /** A defect of bench itself, or a failure nobody foresaw. */
  unexpected: 1,
  /** The command line could not be understood. */
  usage: 2,
  /** A YAML file, or the combination of settings, is wrong. */
  config: 3,
  /** No side could be prepared (no broker reachable, no topic made). */
  prepare: 4,
  /** An `slo` was missed. */
  slo: 5,
  /** A measurement is invalid: its figures are not to be trusted. */
  invalid: 6,
  /** A significant regression was found. */
  regression: 7,
  /** Integrity violated: acknowledged but lost, duplicated or reordered against what the side promised. */
  violated: 8,
  /** Integrity unproven, only a part of the experiment was run, or a limit on a change cannot be judged. */
  partial: 9,
  /** The estimated cost of a cloud experiment is above, or has reached, `--max-cost`. */
  overBudget: 10,
  /** Ended by SIGINT (Ctrl-C). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Gravest first: of several findings of a run, this order decides the exit code. */
const GRAVITY: readonly ExitCode[] = [EXIT.violated, EXIT.invalid, EXIT.partial, EXIT.slo, EXIT.regression]

/** The exit code of a run with these findings; 0 without any. */
export function gravest(codes: readonly ExitCode[]): ExitCode {
  return GRAVITY.find((code) => codes.includes(code)) ?? codes.find((code) => code !== EXIT.ok) ?? EXIT.ok
}
