// Goal: custom figures are computed for each trial, and whatever a module does (no export, broken text, throws, lies,
// endless loops, memory, its process ended, the channel flooded) becomes words, in time, and changes nothing else.
// Method: modules written to a folder, loaded by the real process that bench uses, over a sample result.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { checkMetrics, withCustomFigures } from '../../src/metrics/index.ts'
import { METRICS_LIMITS } from '../../src/metrics/limits.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { experimentResultSchema } from '../../src/result/schema.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'
import { ROOT } from '../support/bench.ts'
import { figuresText, moduleFolder } from './modules.ts'

const folder = moduleFolder()
const SIGNAL = new AbortController().signal
/** Modules that never end use all of it; nothing else does. */
const SHORT = { computeMs: 3_000 }

afterAll(folder.remove)

/** Two sides, the first with two trials. */
const result: ExperimentResult = sampleResult({
  sides: [
    sampleSide('a', { trials: [sampleTrial(), sampleTrial({ seed: 3 }, { backlogAtEnd: 20 })] }),
    sampleSide('b'),
  ],
})

async function computed(text: string, limits = {}) {
  const withFigures = await withCustomFigures(result, folder.write(text), limits)
  const { customFigures, sides, ...rest } = withFigures
  // Nothing else of the result is touched.
  expect({ ...rest, sides: sides.map(({ customFigures: _, ...side }) => side) }).toEqual({
    ...result,
    sides: [...result.sides],
  })
  expect(experimentResultSchema.safeParse(JSON.parse(JSON.stringify(withFigures))).success).toBe(true)
  return { module: customFigures!, sides: sides.map(({ customFigures: figures = [] }) => figures) }
}

const BACKLOG = "name: 'backlog', value: ({ trial }) => trial.backlogAtEnd"

test('a figure has a value of each trial, with its unit, note and direction', async () => {
  const { module, sides } = await computed(
    figuresText(`${BACKLOG}, unit: 'msg', better: 'lower', note: 'what was left'`),
  )
  const head = { name: 'backlog', unit: 'msg', better: 'lower', note: 'what was left', errors: [] } as const
  expect(module).toEqual({ module: 'figures-1.ts', error: null })
  expect(sides).toEqual([[{ ...head, values: [12, 20] }], [{ ...head, values: [12] }]])
})

test('a figure sees its side and the whole result', async () => {
  const text = figuresText(
    "name: 'share', value: ({ side, result }) => side.trials.length / result.sides.flatMap((s) => s.trials).length",
  )
  const { sides } = await computed(text)
  expect(sides.map(([figure]) => figure!.values)).toEqual([[2 / 3, 2 / 3], [1 / 3]])
})

test('the shipped example is one', async () => {
  const example = { file: join(ROOT, 'workloads/metrics/tail.ts'), shown: 'tail.ts' }
  await checkMetrics(example, SIGNAL)
  const { sides } = await withCustomFigures(result, example)
  expect(sides[0]!.customFigures!.map(({ errors }) => errors)).toEqual([[], []])
  expect(sides[0]!.customFigures![0]!.values[0]).toBeGreaterThan(1)
})

test('an error in one trial of one figure harms no other', async () => {
  const { sides } = await computed(
    figuresText(
      "name: 'bad', value: ({ trial }) => { if (trial.backlogAtEnd === 20) throw new Error('no good\\u001b[31m'); return 1 }",
      BACKLOG,
    ),
  )
  expect(sides[0]![0]).toMatchObject({ values: [1, null], errors: ['Error: no good [31m'] })
  expect(sides[0]![1]).toMatchObject({ values: [12, 20], errors: [] })
  expect(sides[1]![0]).toMatchObject({ values: [1], errors: [] })
})

test.each([
  ['NaN', 'expected a finite number or null, got NaN'],
  ['Infinity', 'expected a finite number or null, got Infinity'],
  ["'12'", 'expected a finite number or null, got a string'],
  ['Promise.resolve(1)', 'expected a finite number or null, got a promise'],
  ['undefined', 'expected a finite number or null, got nothing'],
  ['{ huge: "x".repeat(1e6) }', 'expected a finite number or null, got a map'],
])('a value of %s is told, and is none', async (value, sentence) => {
  const { sides } = await computed(figuresText(`name: 'f', value: () => (${value})`))
  expect(sides[1]![0]).toMatchObject({ values: [null], errors: [sentence] })
})

test.each([
  ["throw 'x'.repeat(1e6)", METRICS_LIMITS.errorCharacters + 20],
  ['throw { toString() { throw 1 } }', 40],
  ['throw Object.create(null)', 40],
  ['result.sides.sort()', 120],
])('%s becomes a short sentence', async (statement, most) => {
  const { sides } = await computed(
    figuresText(`name: 'f', value: ({ result }) => { ${statement}; return 1 }`, BACKLOG),
  )
  const [sentence] = sides[1]![0]!.errors
  expect(sentence!.length).toBeGreaterThan(0)
  expect(sentence!.length).toBeLessThanOrEqual(most)
  expect(sides[1]![1]!.values).toEqual([12])
})

test('null is a value that is not known, without an error', async () => {
  const { sides } = await computed(figuresText("name: 'f', value: () => null"))
  expect(sides[1]![0]).toMatchObject({ values: [null], errors: [] })
})

test('an endless loop is ended; what was computed before stays', async () => {
  const { sides } = await computed(
    figuresText(BACKLOG, "name: 'loop', value: () => { while (true) {} }", "name: 'after', value: () => 1"),
    SHORT,
  )
  expect(sides[0]!.map(({ values }) => values)).toEqual([
    [12, 20],
    [null, null],
    [null, null],
  ])
  expect(sides[0]![1]!.errors[0]).toContain('no answer within 3 s')
  expect(sides[0]![2]!.errors[0]).toBe('not computed, since loop before it was not')
})

test('a module that ends its process is told; what was computed before stays', async () => {
  const { sides } = await computed(figuresText(BACKLOG, "name: 'exit', value: () => process.exit(3)"))
  expect(sides[1]![0]!.values).toEqual([12])
  expect(sides[1]![1]!.errors[0]).toContain('exit code 3')
})

test('a module that eats memory is ended', async () => {
  const text = figuresText(
    "name: 'eat', value: () => { const all = []; while (true) all.push(new Uint8Array(1e6).fill(1)) }",
  )
  const { sides } = await computed(text, { computeMs: 60_000, memoryBytes: 300 * 1024 * 1024 })
  expect(sides[1]![0]!.errors[0]).toMatch(/of memory|SIGKILL/)
})

test('messages of the module itself are passed over', async () => {
  const noise = `for (const message of [1, null, 'x', { kind: 'values' }, { kind: 'problem', problem: 7 },
    { kind: 'figures', figures: [{ name: 'x'.repeat(1e6) }] }]) process.send(message)\n`
  const { sides } = await computed(`${noise}${figuresText(BACKLOG)}`)
  expect(sides[1]!.map(({ values }) => values)).toEqual([[12]])
})

test('a module that is gone when figures are computed costs nothing but them', async () => {
  const missing = { file: join(folder.directory, 'gone.ts'), shown: 'gone.ts' }
  const { customFigures, sides } = await withCustomFigures(result, missing)
  expect(customFigures!.error).toContain('gone.ts: expected a module, got')
  expect(sides).toEqual([...result.sides])
})

test.each([
  ['', 'expected an export named figures, got nothing'],
  ['export const figure = []', 'expected an export named figures, got figure'],
  ['export default []', 'expected an export named figures, got default'],
  ['export const figures = {}', 'expected figures to be a list, got a map'],
  ['export const figures = []', 'got an empty list'],
  ['export const figures = Array(51).fill({})', 'expected at most 50 figures, got 51'],
  [figuresText('value: () => 1'), 'figures[0]: expected name to be a text, got nothing'],
  [figuresText("name: ' ', value: () => 1"), 'expected a name, got an empty one'],
  [figuresText("name: 'x'.repeat(101), value: () => 1"), 'at most 100 characters, got 101'],
  [figuresText("name: 'a\\nb', value: () => 1"), 'expected name to be one line'],
  [figuresText(BACKLOG, BACKLOG), 'figures[1]: expected names to differ, got "backlog" twice'],
  [figuresText("name: 'a', value: 1"), 'expected value to be a function, got a number'],
  [
    figuresText("name: 'a', better: 'more', value: () => 1"),
    'expected better to be lower or higher, got "more"',
  ],
  [figuresText("name: 'a', unit: 1, value: () => 1"), 'expected unit to be a text, got a number'],
])('refused before the run: %#', async (text, sentence) => {
  const error = await checkMetrics(folder.write(text), SIGNAL).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'CONFIG', exitCode: 3 })
  expect(error.message).toContain(sentence)
})

test.each([
  [
    'broken text',
    'const a = 1\nexport const figures = [{{ a ]\n',
    /figures-\d+\.ts:2:\d+: expected a module, got: /,
  ],
  ['several errors', 'const = 1\nlet 2\nfor (\n', /figures-\d+\.ts:1:\d+: expected a module, got: /],
  ['a throw', "\n\nthrow new TypeError('no good')\n", /figures-\d+\.ts:3:\d+: .*TypeError: no good/],
  ['an import', "import './nowhere.ts'\n", /nowhere/],
])('refused before the run, with its place: %s', async (_, text, message) => {
  const error = await checkMetrics(folder.write(text), SIGNAL).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'CONFIG', exitCode: 3 })
  expect(error.message).toMatch(message)
})

test('a module that never ends loading is refused in time', async () => {
  const error = await checkMetrics(folder.write('while (true) {}'), SIGNAL, { loadMs: 1_000 }).catch(
    (thrown) => thrown,
  )
  expect(error.message).toContain('no answer within 1 s')
})

test('Ctrl-C ends the look at a module', async () => {
  const controller = new AbortController()
  const looking = checkMetrics(folder.write('while (true) {}'), controller.signal).catch((thrown) => thrown)
  controller.abort(new Error('interrupted'))
  expect((await looking).message).toBe('interrupted')
})
