import {
  type Calibration,
  type Machine,
  newCalibration,
  type PathFigures,
} from '../../src/calibrate/calibration.ts'

export const MACHINE: Machine = {
  cpuModel: 'Model 1',
  cpus: 2,
  kernel: '6.1.0',
  bun: '1.4.5',
  benchVersion: '0.1.0',
}

/** An echo path on which all went well, but for what is given. */
export function samplePath({
  scheduleDelayP99Us = 1_200,
  ...over
}: Partial<PathFigures> & { scheduleDelayP99Us?: number }): PathFigures {
  const figures = (us: number) => ({ p50: us, p95: us * 2, p99: us * 3, p999: us * 4 })
  return {
    path: 'echo',
    rateHz: 20_000,
    durationS: 10,
    messageBytes: 1_024,
    scheduled: 200_000,
    sent: 200_000,
    acknowledged: 200_000,
    delivered: 200_000,
    measurement: 'valid',
    integrity: 'intact',
    reasons: [],
    workerCoreShare: 0.1,
    latencies: {
      publish: figures(500),
      service: figures(100),
      endToEnd: figures(600),
      scheduleDelay: { p50: 400, p95: 900, p99: scheduleDelayP99Us, p999: 3_000 },
    },
    ...over,
  }
}

export function sampleCalibration(): Calibration {
  return newCalibration({
    kind: 'full',
    measuredAt: '2026-11-01T12:00:00.000Z',
    machine: MACHINE,
    loadAverage: 0.25,
    clock: { costNs: 60, resolutionNs: 20 },
    paths: [samplePath({})],
    eventLoop: null,
    highestRateHz: null,
    checks: [],
  })
}
