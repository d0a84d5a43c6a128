/** What may stand in a log line: never a payload, a header's value or a credential. */
export type LogFields = Readonly<Record<string, string | number | boolean>>
export type Log = (event: string, fields?: LogFields) => void

/** One JSON object a line on stderr: time, event, and the fields. */
export function createLog(write: (line: string) => void = (line) => void process.stderr.write(line)): Log {
  return (event, fields = {}) =>
    write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`)
}
