import { didYouMean, type Problem } from '../../workload/problem.ts'
import { hasOwnRates, type ScheduleField } from '../../workload/schedule-fields.ts'
import type { Path, YamlSource } from '../../workload/yaml-source.ts'
import { type Combination, combinationCount, type Matrix } from './matrix.ts'
import { CONSUMERS_PER_TOPIC, PLAN_KEYS, RIVALS, RIVALS_OF_OWN_RATES, workloadKey } from './workload-keys.ts'

/** Combinations of one matrix, before exclusions. */
export const MAX_COMBINATIONS = 2_000

/** A field of a workload, and where the plan sets it. */
export interface Setting {
  readonly value: unknown
  readonly path: Path
}

/** Fields of a workload by their own names. */
export type Layer = ReadonlyMap<string, Setting>

type Report = (problem: Problem) => void
type Fields = Readonly<Record<string, unknown>>

/** The fields set in one map of the plan; a field set there under two names is a problem. */
export function layerOf(yaml: YamlSource, path: Path, fields: Fields, report: Report): Layer {
  const layer = new Map<string, Setting>()
  for (const key of PLAN_KEYS) {
    if (fields[key] === undefined) continue
    const field = workloadKey(key)
    const before = layer.get(field)
    if (before !== undefined) {
      const what = `expected ${field} once, got ${String(before.path.at(-1))} and ${key}`
      report({ where: yaml.whereIsKey(path, key), what, hint: 'remove one of them' })
    }
    layer.set(field, { value: fields[key], path: [...path, key] })
  }
  return layer
}

/** Later layers go over earlier ones; a field drives out those that stand for the same. */
export function stacked(layers: readonly Layer[]): Map<string, Setting> {
  const all = new Map<string, Setting>()
  for (const layer of layers) {
    for (const field of layer.keys()) {
      const rivals = RIVALS.find((group) => group.includes(field)) ?? []
      for (const rival of rivals) if (!layer.has(rival)) all.delete(rival)
    }
    driveOutRates(all, layer)
    for (const [field, setting] of layer) all.set(field, setting)
  }
  return all
}

/** A schedule with rates of its own goes over the rate and length of earlier layers; a later rate goes over it. */
function driveOutRates(all: Map<string, Setting>, layer: Layer): void {
  if (ownsRates(layer)) for (const field of RIVALS_OF_OWN_RATES) all.delete(field)
  else if (ownsRates(all) && RIVALS_OF_OWN_RATES.some((field) => layer.has(field))) all.delete('schedule')
}

/** Whether the schedule among the fields has rates of its own. */
export function ownsRates(fields: Layer): boolean {
  return hasOwnRates(fields.get('schedule')?.value as ScheduleField | undefined)
}

/** Consumers of a topic are those of its subscription only where there is one. */
export function consumerProblem(all: Layer, yaml: YamlSource): Problem | null {
  const consumers = all.get('consumerPerSubscription')
  const subscriptions = all.get('subscriptionsPerTopic')?.value ?? 1
  if (consumers?.path.at(-1) !== CONSUMERS_PER_TOPIC || subscriptions === 1) return null
  const what = `expected ${CONSUMERS_PER_TOPIC} with one subscription of each topic, got ${subscriptions}`
  return { where: yaml.whereIs(consumers.path), what, hint: 'write consumer_per_subscription' }
}

/** The matrix of a run with its exclusions, checked against each other and against what the run sets itself. */
export function matrixOf(
  yaml: YamlSource,
  path: Path,
  run: { readonly matrix?: Fields | undefined; readonly exclude?: readonly Fields[] | undefined },
  own: Layer,
  report: Report,
): { readonly matrix: Matrix; readonly exclusions: readonly Combination[] } {
  const matrixPath = [...path, 'matrix']
  const matrix = new Map<string, readonly unknown[]>()
  const layer = layerOf(yaml, matrixPath, run.matrix ?? {}, report)
  for (const [field, setting] of layer) {
    const values = setting.value as readonly unknown[]
    const name = String(setting.path.at(-1))
    const rivals = RIVALS.find((group) => group.includes(field)) ?? [field]
    const twin = rivals.find((rival) => own.has(rival) || (rival !== field && layer.has(rival)))
    if (twin !== undefined) {
      const what = `expected ${name} in the matrix or beside it, got both`
      report({ where: yaml.whereIsKey(matrixPath, name), what, hint: `remove ${twin} or the list` })
    }
    for (const index of repeated(values)) {
      const what = `expected each value of ${name} once, got ${String(values[index])} again`
      report({ where: yaml.whereIs([...setting.path, index]), what, hint: 'remove it' })
    }
    matrix.set(name, values)
  }
  const count = combinationCount(matrix)
  if (count > MAX_COMBINATIONS) {
    const what = `expected at most ${MAX_COMBINATIONS} combinations, got ${count}`
    report({ where: yaml.whereIs(matrixPath), what, hint: 'shorten its lists, or part it into several runs' })
  }
  return { matrix, exclusions: exclusionsOf(yaml, path, run, matrix, report) }
}

function exclusionsOf(
  yaml: YamlSource,
  path: Path,
  { exclude = [] }: { readonly exclude?: readonly Fields[] | undefined },
  matrix: Matrix,
  report: Report,
): Combination[] {
  const names = new Map([...matrix.keys()].map((name) => [workloadKey(name), name]))
  return exclude.map((fields, index) => {
    const entryPath = [...path, 'exclude', index]
    const layer = layerOf(yaml, entryPath, fields, report)
    const exclusion = new Map<string, unknown>()
    if (layer.size === 0) {
      const what = 'expected values of the matrix to exclude, got none'
      report({ where: yaml.whereIs(entryPath), what, hint: 'name a field and its value' })
    }
    for (const [field, { value, path: place }] of layer) {
      const name = names.get(field)
      const written = String(place.at(-1))
      if (name === undefined) {
        const what = `expected a field of the matrix, got ${written}`
        report({
          where: yaml.whereIsKey(entryPath, written),
          what,
          hint: didYouMean(written, [...matrix.keys()]),
        })
      } else if (!matrix.get(name)!.includes(value)) {
        const what = `expected a value that the matrix has for ${name}, got ${String(value)}`
        report({ where: yaml.whereIs(place), what, hint: `its values: ${matrix.get(name)!.join(', ')}` })
      } else exclusion.set(name, value)
    }
    return exclusion
  })
}

function repeated(values: readonly unknown[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))
}
