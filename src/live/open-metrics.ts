export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

/** One line of a family: the suffix of its name (`_total`, `_count` or none), labels, value. */
export interface Sample {
  readonly suffix: '' | '_total' | '_count' | '_info'
  readonly labels: Labels
  readonly value: number
}

/** All samples of one name. */
export interface Family {
  /** Without the suffix; ends with its unit where it has one. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'summary' | 'info'
  readonly unit?: string
  readonly help: string
  /** Those of the same labels stand together. */
  readonly samples: readonly Sample[]
}

/** The text of OpenMetrics 1.0, `# EOF` included. Families without samples are left out. Pure. */
export function openMetricsText(families: readonly Family[]): string {
  const blocks = families.filter(({ samples }) => samples.length > 0).map(familyText)
  return `${blocks.join('')}# EOF\n`
}

function familyText({ name, type, unit, help, samples }: Family): string {
  const lines = [`# TYPE ${name} ${type}`]
  if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`)
  lines.push(`# HELP ${name} ${escaped(help)}`)
  for (const { suffix, labels, value } of samples) {
    lines.push(`${name}${suffix}${labelsText(labels)} ${value}`)
  }
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
