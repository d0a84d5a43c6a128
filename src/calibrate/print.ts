import { countText, msText, percentText } from '../result/figures.ts'
import { FLOOR_LATENCIES, FLOOR_QUANTILES } from '../result/floor.ts'
import type { Calibration, PathFigures, Stalls } from './calibration.ts'
import type { PathName } from './load.ts'

const TITLES: Readonly<Record<(typeof FLOOR_LATENCIES)[number], string>> = {
  publish: 'publish',
  service: 'service time',
  endToEnd: 'end-to-end',
  scheduleDelay: 'schedule delay',
}

const PATH_TITLES: Readonly<Record<PathName, string>> = {
  null: 'null path: nothing behind the engine, one process',
  echo: 'echo path: a server on loopback that answers at once',
}

const NAME_WIDTH = 26
const FIGURE_WIDTH = 11

/** The calibration for people, a line each. Pure. */
export function calibrationLines(calibration: Calibration): string[] {
  const { machine, clock, eventLoop, highestRateHz, paths, checks, loadAverage } = calibration
  const lines = [
    `${machine.cpus} × ${machine.cpuModel}, kernel ${machine.kernel}, Bun ${machine.bun}, bench ${machine.benchVersion}`,
    row('load before the start', loadAverage.toFixed(2)),
    row('clock', `${clock.costNs} ns a look, smallest step ${clock.resolutionNs} ns`),
  ]
  if (eventLoop !== null) {
    lines.push(
      row('timers of 1 ms, idle', stallText(eventLoop.idle)),
      row('timers beside garbage', stallText(eventLoop.withGarbage)),
      row('full garbage collection', `${eventLoop.fullCollectionMs.toFixed(1)} ms, the longest of three`),
    )
  }
  for (const path of paths) lines.push('', ...pathLines(path, highestRateHz?.[path.path] ?? null))
  if (checks.length > 0) lines.push('')
  for (const { name, ok, detail } of checks) lines.push(`${ok ? 'pass' : 'FAIL'}  ${name}: ${detail}`)
  return lines
}

function pathLines(path: PathFigures, highestHz: number | null): string[] {
  const { rateHz, durationS, messageBytes, measurement, integrity, reasons } = path
  const load = `${countText(rateHz)} msg/s of ${countText(messageBytes)} bytes for ${durationS} s`
  const head = FLOOR_QUANTILES.map((quantile) => (quantile === 'p999' ? 'p99.9' : quantile))
  return [
    PATH_TITLES[path.path],
    `  ${load}: ${measurement} · ${integrity}, ${percentText(path.workerCoreShare)} of a core`,
    ...reasons.map((reason) => `  - ${reason}`),
    row('', head.map((quantile) => quantile.padStart(FIGURE_WIDTH)).join('')),
    ...FLOOR_LATENCIES.map((name) => {
      const figures = FLOOR_QUANTILES.map((quantile) => msText(path.latencies[name][quantile]))
      return row(TITLES[name], figures.map((figure) => figure.padStart(FIGURE_WIDTH)).join(''))
    }),
    ...(highestHz === null ? [] : [row('highest rate held', `${countText(highestHz)} msg/s`)]),
  ]
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(NAME_WIDTH)}${text}`
}

function stallText({ p50Us, p99Us, maxUs, count }: Stalls): string {
  return `late by p50 ${msText(p50Us)}, p99 ${msText(p99Us)}, longest ${msText(maxUs)} of ${countText(count)}`
}
