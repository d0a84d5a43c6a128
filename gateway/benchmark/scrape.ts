import { AppError } from '../../src/errors/app-error.ts'

interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** The metrics of a gateway at one instant. */
export interface Scrape {
  readonly samples: readonly Sample[]
}

const SCRAPE_LIMIT_MS = 10_000
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** @throws AppError('PREPARE') when nobody answers there, or not with metrics. */
export async function scrape(url: URL): Promise<Scrape> {
  let text: string
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_LIMIT_MS) })
    text = await response.text()
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
  } catch (cause) {
    throw new AppError('PREPARE', `expected metrics at ${url}, got: ${(cause as Error).message}`, {
      hint: 'is the gateway running, with GATEWAY_METRICS_ENABLED? --metrics-url names another place',
      cause,
    })
  }
  return parseScrape(text)
}

/** Reads the Prometheus text format; lines it does not know are skipped. */
export function parseScrape(text: string): Scrape {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const match = LINE.exec(line)
    if (match === null || line.startsWith('#')) continue
    const labels = new Map([...(match[2] ?? '').matchAll(LABEL)].map((pair) => [pair[1]!, pair[2]!]))
    samples.push({ name: match[1]!, labels, value: Number(match[3]) })
  }
  return { samples }
}

/** Sum of all series of a name that have these labels; 0 when there are none. */
export function total(
  { samples }: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  let sum = 0
  for (const sample of samples) {
    if (sample.name !== name) continue
    if (Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value))
      sum += sample.value
  }
  return sum
}
