import packageJson from '../../package.json' with { type: 'json' }
import { messageOf } from '../errors/app-error.ts'
import type { LiveEnding, LiveRun, LiveServer } from '../live/index.ts'
import type { ExperimentResult } from '../result/result.ts'
import type { RunEvent } from '../run/events.ts'
import type { Plan } from '../workload/model.ts'

/** The live view of one run, or nothing where none was asked for. */
export interface LiveView {
  /** Null where there is none. */
  readonly url: string | null
  tell(event: RunEvent): void
  takeResult(soFar: ExperimentResult): void
  /** What the page says when all is over; the first call counts. */
  end(ending: Omit<LiveEnding, 'kind'>): void
  /** Tells of the end, if nobody did, and closes. */
  close(): Promise<void>
}

const NO_VIEW: LiveView = {
  url: null,
  tell: () => {},
  takeResult: () => {},
  end: () => {},
  close: async () => {},
}

/** Throws `AppError('USAGE')` when the port cannot be had; nothing that happens later reaches the run, `say` tells of it. */
export async function openLiveView(
  port: number | null,
  plan: Plan,
  say: (line: string) => void,
): Promise<LiveView> {
  if (port === null) return NO_VIEW
  const { createLiveRun, startLiveServer } = await import('../live/index.ts')
  const { workload, sides, order } = plan
  const run = createLiveRun({
    workload: workload.name,
    version: packageJson.version,
    trialsPerSide: order.length / sides.length,
    sides: sides.map(({ label }) => label),
    ratesHz: workload.ratesHz ?? [workload.producerRateHz],
    messageBytes: workload.messageBytes,
    warmupS: workload.warmupS,
    durationS: workload.durationS,
  })
  return viewOf(run, startLiveServer(run, { port }), say)
}

function viewOf(run: LiveRun, server: LiveServer, say: (line: string) => void): LiveView {
  let failed = false
  const safely = (act: () => void) => {
    try {
      act()
    } catch (error) {
      if (!failed) say(`the live view failed, the run goes on: ${messageOf(error)}`)
      failed = true
    }
  }
  const end: LiveView['end'] = (ending) => {
    if (!run.ended) safely(() => run.end(ending))
  }
  return {
    url: server.url,
    tell: (event) => safely(() => run.tell(event)),
    takeResult: (soFar) => safely(() => run.takeResult(soFar)),
    end,
    async close() {
      end({ sentence: 'It ended before a report was written.', tone: 'bad', report: null })
      await server.close()
    },
  }
}
