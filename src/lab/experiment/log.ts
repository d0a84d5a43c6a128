import { appendFileSync } from 'node:fs'
import { MASK, maskText } from '../../workload/secrets.ts'

/** What is written down of an experiment, and what of it is told on the terminal. */
export interface ExperimentLog {
  /** One line (or several) of `experiment.log`, with the time; secrets masked. */
  log(text: string): void
  /** The same, and told to the person who waits. */
  tell(text: string): void
  /** A value that no line may show from now on. */
  hide(secret: string): void
}

/** For what happens before there is an experiment. */
export const NO_LOG: ExperimentLog = { log: () => {}, tell: () => {}, hide: () => {} }

/** Opens the log of an experiment; lines are appended. A disk that is full costs lines, not the experiment. */
export function openLog(file: string, wallMs: () => number, print: (line: string) => void): ExperimentLog {
  const secrets = new Set<string>()
  const masked = (line: string) =>
    [...secrets].reduce((text, secret) => text.replaceAll(secret, MASK), maskText(line))
  const log = (text: string) => {
    const time = new Date(wallMs()).toISOString()
    try {
      for (const line of text.split('\n')) appendFileSync(file, `${time} ${masked(line)}\n`)
    } catch {
      // See above.
    }
  }
  return {
    log,
    tell: (text) => {
      log(text)
      for (const line of text.split('\n')) print(masked(line))
    },
    hide: (secret) => void secrets.add(secret),
  }
}
