import { gzipSync } from 'node:zlib'
import { columnsOf } from '../compare/table.ts'
import { hgrmText } from '../result/export/hdr.ts'
import type { ExperimentResult } from '../result/result.ts'
import { EXPORTED_LATENCIES, hgrmName, type NamedTrial, namedTrials, RAW_DATA } from './trial-files.ts'

/** What a page may weigh, so that a mail takes it and a browser opens it at once. */
export const MAX_PAGE_BYTES = 950_000
/** Paths of files that did not fit that the page names one by one. */
const MAX_PATHS = 200
/** Markup around a file. */
const LINK_BYTES = 400

/** The latencies whose distributions lie in the page; the others are files beside it. */
const DISTRIBUTIONS = EXPORTED_LATENCIES.filter(([name]) => name === 'publish' || name === 'endToEnd')

/** A file inside the page: compressed, so that ten times as many fit. */
export interface Download {
  readonly name: string
  readonly what: string
  /** Address of the gzip file; the page unpacks it, and without JavaScript it is saved as it is. */
  readonly url: string
}

export interface Downloads {
  readonly files: readonly Download[]
  /** Percentile distributions, a row a trial. */
  readonly distributions: readonly { readonly label: string; readonly files: readonly Download[] }[]
  /** Paths of those that did not fit, seen from the page. */
  readonly leftOut: readonly string[]
  readonly moreLeftOut: number
}

export const NO_DOWNLOADS: Downloads = { files: [], distributions: [], leftOut: [], moreLeftOut: 0 }

/** Files that the page carries in itself, as many as `budgetBytes` allows; the others are named. */
export function downloadsOf(
  result: ExperimentResult,
  texts: { readonly csv: string; readonly json: string },
  budgetBytes: number,
): Downloads {
  let left = budgetBytes
  let isFull = false
  const leftOut: string[] = []
  const add = (download: Download, path: string): readonly Download[] => {
    const cost = download.url.length + LINK_BYTES
    if (cost > left) {
      isFull = true
      leftOut.push(path)
      return []
    }
    left -= cost
    return [download]
  }
  const { id } = result
  const files = [
    add(packed(`${id}.csv`, texts.csv, 'one row a trial'), 'metrics.csv'),
    add(packed(`${id}.json`, texts.json, 'all figures and verdicts'), 'metrics.json'),
    add(packed(`${id}.yaml`, result.workloadSource, 'the workload'), '../workload.yaml'),
  ].flat()
  const trials = namedTrials(result)
  // The first trials of all sides before the second ones: what is left out is left out of all.
  const distributions = new Map<NamedTrial, readonly Download[]>()
  for (const named of trials.toSorted((a, b) => a.trialNumber - b.trialNumber)) {
    const own = DISTRIBUTIONS.flatMap(([latency, title]) => {
      const name = hgrmName(named.name, title)
      const path = `${RAW_DATA}/${name}`
      if (!isFull) {
        const text = hgrmText(named.trial.phases.measure.latencies[latency])
        return add(packed(name, text, title.replaceAll('-', ' ')), path)
      }
      leftOut.push(path)
      return []
    })
    distributions.set(named, own)
  }
  const labels = new Map(columnsOf(result).map(({ trial, label }) => [trial, label]))
  return {
    files,
    distributions: trials
      .map((named) => ({
        label: labels.get(named.trial) ?? named.name,
        files: distributions.get(named) ?? [],
      }))
      .filter(({ files: own }) => own.length > 0),
    leftOut: leftOut.slice(0, MAX_PATHS),
    moreLeftOut: Math.max(0, leftOut.length - MAX_PATHS),
  }
}

function packed(name: string, text: string, what: string): Download {
  const bytes = gzipSync(text.toWellFormed(), { level: 9 })
  return { name, what, url: `data:application/gzip;base64,${bytes.toString('base64')}` }
}
