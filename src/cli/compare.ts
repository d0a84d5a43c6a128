import { realpath, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { compareSources, type SourceComparison } from '../compare/comparison/index.ts'
import type { ComparedBy } from '../compare/contests/contest.ts'
import { parseGate } from '../compare/gates/grammar.ts'
import { readSource, type Source, withoutIntervals } from '../compare/sources/index.ts'
import { AppError } from '../errors/app-error.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { nearest } from '../errors/nearest.ts'
import { comparisonTable } from '../report/comparison/csv.ts'
import { comparisonHtml } from '../report/comparison/html.ts'
import { comparisonJson } from '../report/comparison/json.ts'
import { comparisonJunit } from '../report/comparison/junit.ts'
import { comparisonMarkdown } from '../report/comparison/markdown.ts'
import { gateLines } from '../report/comparison/source-lines.ts'
import { renderComparison } from '../report/comparison/terminal.ts'
import { TEMPLATES } from '../report/templates.ts'
import { printable } from '../report/terminal.ts'
import { writeFileAtomic } from '../result/atomic-file.ts'
import { benchHome } from '../result/experiment-folder.ts'
import type { Output } from './output.ts'

export interface CompareOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly strict: boolean
  /** As typed; null = as the sources suggest. */
  readonly by: string | null
  readonly sides: readonly string[]
  readonly failOn: readonly string[]
  /** As typed; null = by the names of the output files, else a table. */
  readonly format: string | null
  readonly outputs: readonly string[]
}

/** Named `A` to `Z`. */
const MAX_SOURCES = 26

type Render = (comparison: SourceComparison, out: Output) => string

const FORMAT_NAMES = ['table', 'html', 'markdown', 'json', 'junit', 'csv'] as const
type Format = (typeof FORMAT_NAMES)[number]

const FORMATS: Readonly<Record<Format, Render>> = {
  table: (comparison, out) => renderComparison(comparison, { columns: out.columns }).join('\n'),
  html: (comparison) => comparisonHtml(comparison, packageJson.version),
  markdown: comparisonMarkdown,
  json: (comparison) => JSON.stringify(comparisonJson(comparison)),
  junit: comparisonJunit,
  csv: (comparison) => TEMPLATES['report.csv'](comparisonTable(comparison)),
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.txt': 'table',
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.json': 'json',
  '.xml': 'junit',
  '.csv': 'csv',
}

/**
 * `bench compare`: holds experiments and result files against one another; no broker is needed. Options are checked
 * before anything is read.
 */
export async function runCompare(
  names: readonly string[],
  options: CompareOptions,
  out: Output,
): Promise<ExitCode> {
  const by = byOf(options.by)
  const gates = options.failOn.map(parseGate)
  const given = options.format === null ? null : formatOf(options.format)
  const targets = options.outputs.map((file) => ({ file, format: given ?? formatOfFile(file) }))
  const sources = await readSources(names)
  for (const { file } of targets) await checkOutput(file, sources)
  const comparison = compareSources(sources, { by, sides: options.sides, gates, strict: options.strict })
  for (const { file, format } of targets) {
    await writeFileAtomic(file, `${FORMATS[format](comparison, out).trimEnd()}\n`)
    out.stderr(`comparison: ${file}`)
  }
  const printed = options.json ? 'json' : targets.length > 0 ? null : (given ?? 'table')
  if (printed !== null) for (const line of linesOf(comparison, printed, options, out)) out.stdout(line)
  if (printed !== 'table') for (const line of gateLines(comparison)) out.stderr(printable(line))
  return comparison.exitCode
}

function linesOf(
  comparison: SourceComparison,
  format: Format,
  { quiet }: CompareOptions,
  out: Output,
): readonly string[] {
  if (format !== 'table') return [FORMATS[format](comparison, out).trimEnd()]
  if (quiet) return [comparison.headline.first, ...gateLines(comparison)].map(printable)
  return renderComparison(comparison, { columns: out.columns, color: out.interactive })
}

/** Nothing that was measured is written over, and nothing but a file. */
async function checkOutput(file: string, sources: readonly Source[]): Promise<void> {
  const path = await realpath(file).catch(() => null)
  if (path === null) return
  for (const { name, files } of sources) {
    for (const source of files) {
      if ((await realpath(source)) !== path) continue
      throw new AppError(
        'USAGE',
        `expected --output to be a new file, got ${file}, which is read as ${name}`,
        {
          hint: 'choose another name: results are kept',
        },
      )
    }
  }
  if ((await stat(path)).isFile()) return
  throw new AppError('USAGE', `expected --output to be a file, got ${file}, which is something else`, {
    hint: 'without --output it is printed',
  })
}

async function readSources(names: readonly string[]): Promise<Source[]> {
  if (names.length > MAX_SOURCES) {
    throw new AppError('USAGE', `expected at most ${MAX_SOURCES} sources, got ${names.length}`, {
      hint: 'runs of one driver are trials of one source: bench compare run1.json,run2.json',
    })
  }
  const home = benchHome()
  const sources: Source[] = []
  for (const [i, name] of names.entries()) {
    const source = await readSource(name, String.fromCharCode(65 + i), home)
    sources.push(names.length === 1 ? source : withoutIntervals(source))
  }
  return sources
}

function byOf(given: string | null): ComparedBy | null {
  if (given === null || given === 'side' || given === 'source') return given
  throw new AppError('USAGE', `expected --by to be side or source; got ${JSON.stringify(given)}`)
}

function formatOf(given: string): Format {
  const found = FORMAT_NAMES.find((name) => name === given)
  if (found !== undefined) return found
  const near = nearest(given, FORMAT_NAMES)
  throw new AppError(
    'USAGE',
    `expected --format to be one of ${FORMAT_NAMES.join(', ')}; got ${JSON.stringify(given)}`,
    {
      hint: near === null ? 'bench compare --help' : `did you mean: --format ${near}`,
    },
  )
}

function formatOfFile(file: string): Format {
  const format = EXTENSIONS[extname(file).toLowerCase()]
  if (format !== undefined) return format
  throw new AppError(
    'USAGE',
    `expected --output to end in ${Object.keys(EXTENSIONS).join(', ')}, or a --format; got ${JSON.stringify(file)}`,
    { hint: `--format ${FORMAT_NAMES.join('|')}` },
  )
}
