/** Entry of the process that loads a module of custom figures: it answers one question and ends. */
import { pathToFileURL } from 'node:url'
import { freezeAll, sentenceOf, valuesOf } from './compute.ts'
import type { MetricsAnswer, MetricsAsk, ModuleProblem } from './protocol.ts'
import { figuresOf, headOf, short } from './shape.ts'

const tell = (answer: MetricsAnswer) => process.send?.(answer)

process.on('message', async (ask: MetricsAsk) => {
  await serve(ask)
  // The parent ends us once it has read the last word.
})
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the parent decides.
process.on('SIGINT', () => {})

async function serve({ file, result }: MetricsAsk): Promise<void> {
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = await import(pathToFileURL(file).href)
  } catch (thrown) {
    tell({ kind: 'problem', problem: problemOf(thrown, file) })
    return
  }
  const figures = figuresOf(exported)
  if (typeof figures === 'string') {
    tell({ kind: 'problem', problem: { what: figures, place: null } })
    return
  }
  tell({ kind: 'figures', figures: figures.map(headOf) })
  if (result !== null) {
    const frozen = freezeAll(result)
    for (const [index, figure] of figures.entries())
      tell({ kind: 'values', index, sides: valuesOf(figure, frozen) })
  }
  tell({ kind: 'done' })
}

interface Positioned {
  readonly message: string
  readonly position?: { readonly file: string; readonly line: number; readonly column: number } | null
}

/** A file that cannot be read as a program has one error, or several. */
function problemOf(thrown: unknown, file: string): ModuleProblem {
  const several = (thrown as { errors?: readonly Positioned[] } | null)?.errors
  const first = several?.[0] ?? (thrown as Positioned | null)
  const position = first?.position
  if (position != null) {
    const place = { file: position.file, line: position.line, column: position.column }
    return { what: `expected a module, got: ${short(first!.message)}`, place }
  }
  return { what: `expected a module, got: ${short(sentenceOf(thrown))}`, place: thrownAt(thrown, file) }
}

/** Where the module itself threw, from the stack; its last place in the file counts. */
function thrownAt(thrown: unknown, file: string): ModuleProblem['place'] {
  const stack = thrown instanceof Error ? String(thrown.stack) : ''
  const at = stack.indexOf(`${file}:`)
  const match = at === -1 ? null : /^:(\d+):(\d+)/.exec(stack.slice(at + file.length))
  return match === null ? null : { file, line: Number(match[1]), column: Number(match[2]) }
}
