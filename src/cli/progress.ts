import type { RunEvent, Second } from '../run/events.ts'
import type { Output } from './output.ts'

const ERASE_LINE = '\r\x1b[2K'

/** Prints what a run tells: on a terminal the seconds of a phase share one line, elsewhere each has its own. */
export function progressPrinter(
  out: Output,
  options: { quiet: boolean; json: boolean },
): (event: RunEvent) => void {
  if (options.quiet) return () => {}
  let lineOpen = false
  const line = (text: string) => {
    if (lineOpen) process.stderr.write('\n')
    lineOpen = false
    out.stderr(text)
  }
  return (event) => {
    switch (event.kind) {
      case 'experiment':
        return line(`experiment ${event.id} in ${event.directory}`)
      case 'order':
        return line(`order of trials (seed ${event.seed}): ${orderText(event)}`)
      case 'live':
      case 'trial':
        // The address is always printed; a trial is told as a step where there are several.
        return
      case 'step':
        return line(`${event.side}: ${event.step}: ${event.detail}`)
      case 'log':
        return line(`${event.side}: ${event.line}`)
      case 'side-failed':
        return line(`${event.side}: failed: ${event.message}${event.hint === null ? '' : ` (${event.hint})`}`)
      case 'side-done':
        return line(`${event.side}: measurement ${event.measurement}, integrity ${event.integrity}`)
      case 'second': {
        const text = `${event.side}: ${describeSecond(event)}`
        if (!out.interactive) return line(text)
        process.stderr.write(`${ERASE_LINE}${text.slice(0, out.columns - 1)}`)
        lineOpen = true
      }
    }
  }
}

function orderText({ order, ratesHz }: Extract<RunEvent, { kind: 'order' }>): string {
  return order.map((label, i) => (ratesHz === undefined ? label : `${label} ${ratesHz[i]}/s`)).join(', ')
}

function describeSecond(second: Second): string {
  const parts = [
    `${second.phase} ${Math.round(second.elapsedS)}/${Math.round(second.totalS)} s`,
    `due ${second.scheduledHz}/s`,
    `acknowledged ${second.acknowledgedHz}/s`,
    `received ${second.receivedHz}/s`,
    `behind ${second.behind}`,
    `publish p99 ${milliseconds(second.publish)}`,
    `end-to-end p99 ${milliseconds(second.endToEnd)}`,
  ]
  if (second.failed > 0) parts.push(`failed ${second.failed}`)
  return parts.join('  ')
}

function milliseconds(latency: Second['publish']): string {
  if (latency === null) return '–'
  const { p99Us } = latency
  return `${(p99Us / 1000).toFixed(p99Us < 10_000 ? 2 : 0)} ms`
}
