/** Where a command writes: stdout is data, stderr is talk. */
export interface Output {
  stdout(line: string): void
  stderr(line: string): void
  /** Whether stderr is a terminal that understands control sequences. */
  readonly interactive: boolean
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number
}

/** The process's own streams. A reader that has seen enough (`bench run … | head`) ends the output, not the run. */
export function processOutput(): Output {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const plain =
    process.env.NO_COLOR !== undefined || process.env.TERM === 'dumb' || process.env.CI !== undefined
  return {
    stdout: (line) => {
      process.stdout.write(`${line}\n`)
    },
    stderr: (line) => {
      process.stderr.write(`${line}\n`)
    },
    interactive: process.stderr.isTTY === true && !plain,
    columns: process.stderr.columns ?? 100,
  }
}

function ignoreClosedPipe(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error
}
