// Goal: a matrix gives every combination once, exactly those that no exclusion matches, and never more than memory holds;
// ids of runs are stable, different and fit for files. Method: random matrices held against counting by hand; hostile plans.
import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../../src/errors/app-error.ts'
import { MAX_COMBINATIONS } from '../../../src/lab/plan/layers.ts'
import { combinationCount, combinations, combinationText } from '../../../src/lab/plan/matrix.ts'
import { runId } from '../../../src/lab/plan/run-id.ts'
import { MAX_RUNS, readTestPlan } from '../../../src/lab/plan/test-plan.ts'
import { failureOf, testFolder } from '../../workload/files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const FIELDS = ['topics', 'message_size', 'producer_rate', 'partitions_per_topic']
const matrices = fc
  .uniqueArray(fc.constantFrom(...FIELDS), { maxLength: 4 })
  .chain((fields) =>
    fc.tuple(fc.constant(fields), fc.tuple(...fields.map(() => fc.integer({ min: 1, max: 4 })))),
  )
  .map(([fields, sizes]) => new Map(fields.map((field, i) => [field, range(sizes[i]!)])))

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => 100 + i)
}

const cases = matrices.chain((matrix) => {
  const value = (field: string) => fc.constantFrom(...matrix.get(field)!)
  const exclusion = fc
    .subarray([...matrix.keys()], { minLength: Math.min(1, matrix.size) })
    .chain((fields) => fc.tuple(...fields.map((field) => value(field).map((v) => [field, v] as const))))
    .map((pairs) => new Map<string, unknown>(pairs))
  return fc.tuple(
    fc.constant(matrix),
    matrix.size === 0 ? fc.constant([]) : fc.array(exclusion, { maxLength: 4 }),
  )
})

/** Whether the combination with this number is excluded, worked out from digits. */
function isExcluded(
  matrix: ReadonlyMap<string, readonly number[]>,
  number: number,
  exclusions: readonly ReadonlyMap<string, unknown>[],
) {
  let rest = number
  const values: Record<string, number> = {}
  for (const [field, list] of matrix) {
    values[field] = list[rest % list.length]!
    rest = Math.floor(rest / list.length)
  }
  return exclusions.some((exclusion) => [...exclusion].every(([field, value]) => values[field] === value))
}

describe('combinations', () => {
  test('count = product − excluded, each once, none that is excluded', () => {
    fc.assert(
      fc.property(cases, ([matrix, exclusions]) => {
        const product = combinationCount(matrix)
        const excluded = range(product).filter((_, number) => isExcluded(matrix, number, exclusions)).length
        const found = combinations(matrix, exclusions)
        expect(found.length).toBe(product - excluded)
        expect(new Set(found.map(combinationText)).size).toBe(found.length)
        for (const combination of found)
          expect([...combination.keys()].sort()).toEqual([...matrix.keys()].sort())
      }),
    )
  })

  test('the order of fields in the file changes nothing', () => {
    fc.assert(
      fc.property(cases, ([matrix, exclusions]) => {
        const turned = new Map([...matrix].reverse())
        const texts = (from: typeof matrix) => combinations(from, exclusions).map(combinationText)
        expect(texts(turned)).toEqual(texts(matrix))
      }),
    )
  })
})

describe('ids', () => {
  test('fit for run-benchmark and files; a plain word is its own id', () => {
    expect(['baseline', 'high-load', 'v1.2_x'].map(runId)).toEqual(['baseline', 'high-load', 'v1.2_x'])
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }), (name) => {
        expect(runId(name)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,68}$/)
        expect(runId(name)).toBe(runId(name))
      }),
    )
  })

  test('differ when names do', () => {
    const name = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'ab -_./=') })
    fc.assert(fc.property(name, name, (a, b) => expect(runId(a) === runId(b)).toBe(a === b)))
  })
})

describe('hostile plans', () => {
  const refusal = async (text: string) =>
    (await failureOf(readTestPlan(folder.write('plan.yaml', text)))).message
  const lists = (count: number, length: number) =>
    FIELDS.slice(0, count)
      .map((field) => `${field}: [${range(length).join(', ')}]`)
      .join(', ')
  const run = (name: string, matrix: string) => `  - {name: ${name}, type: fixed_rate, matrix: {${matrix}}}\n`
  const HEAD = 'base_workload: {message_size: 100, producer_rate: 1, test_duration_seconds: 1}\ntest_runs:\n'

  test('a huge matrix is counted, never built', async () => {
    expect(await refusal(HEAD + run('a', lists(4, 50)))).toContain(
      `expected at most ${MAX_COMBINATIONS} combinations, got 6250000`,
    )
  })

  test('many matrices are bounded together', async () => {
    const text = HEAD + ['a', 'b', 'c'].map((name) => run(name, lists(2, 16))).join('')
    expect(await refusal(text)).toMatch(
      new RegExp(`plan\\.yaml:4:5: expected at most ${MAX_RUNS} runs in all`),
    )
  })

  test.each([
    ['test_runs: &a [*a]\n', /expected/],
    ['base_workload: &a {topics: *a}\ntest_runs: []\n', /expected/],
    ['test_runs: {}\n', /to be a list of 1 to 200/],
    ['test_runs: [1, null, []]\n', /to be a map of settings/],
    ['base_workload: []\n', /to be a map of settings/],
    [
      `test_runs:\n${'  - {name: a, type: fixed_rate}\n'.repeat(201)}`,
      /to be a list of 1 to 200, got a list of 201/,
    ],
    [`${HEAD}  - {name: a, type: fixed_rate, __proto__: {}}\n`, /"__proto__"/],
    [`${HEAD}  - {name: "a\\nb", type: fixed_rate}\n`, /one line of 1 to 80 characters/],
  ])('%p', async (text, expected) => {
    expect(await refusal(text)).toMatch(expected)
  })

  test('whatever stands there: a plan, or an error that names places', async () => {
    const WHOLE = `${HEAD}  - &r {name: a, type: fixed_rate, matrix: {topics: [1, 2], rates: [1]}, exclude: [{topics: 1}]}\n  - {<<: *r, name: b}\n`
    const fragment = fc.constantFrom(
      '',
      ' ',
      '\n',
      '*r',
      '&x ',
      '[',
      ']',
      '{',
      '}',
      ':',
      ', ',
      '0',
      'null',
      '"',
      '!t ',
      '1e999',
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(WHOLE.length), fc.nat(6), fragment, async (at, cut, text) => {
        const damaged = WHOLE.slice(0, at) + text + WHOLE.slice(at + cut)
        const outcome = await readTestPlan(folder.write('damaged.yaml', damaged)).catch(
          (error: unknown) => error,
        )
        if (!(outcome instanceof Error)) return
        expect(outcome).toBeInstanceOf(AppError)
        for (const line of outcome.message.split('\n'))
          expect(line).toMatch(/damaged\.yaml:\d+:\d+: |^and \d+ more/)
      }),
      { numRuns: 200 },
    )
  })
})
