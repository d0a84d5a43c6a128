import { workloadSchema } from '../../workload/workload-schema.ts'

/** Fields that the plan itself sets. */
const OF_THE_PLAN = ['name', 'drivers', 'repeat', 'metrics']
/** Fields of a workload that a plan may set, as the workload file names them. */
export const WORKLOAD_KEYS = Object.keys(workloadSchema.shape).filter(
  (key) => !OF_THE_PLAN.includes(key),
) as (keyof typeof workloadSchema.shape)[]

/** Consumers of the one subscription of a topic: a word of older plans. */
export const CONSUMERS_PER_TOPIC = 'consumers_per_topic'

/** `messageSize` → `message_size`. */
export function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`)
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ...WORKLOAD_KEYS.flatMap((key): [string, string][] => [
    [key, key],
    [snakeCase(key), key],
  ]),
  [CONSUMERS_PER_TOPIC, 'consumerPerSubscription'],
  ['consumers_per_subscription', 'consumerPerSubscription'],
])

/** All names under which a plan may set fields of the workload. */
export const PLAN_KEYS: readonly string[] = [...ALIASES.keys()]

/** The workload's own name of a field of a plan. */
export function workloadKey(planKey: string): string {
  return ALIASES.get(planKey) ?? planKey
}

/** Fields whose place a schedule takes that has rates and a length of its own, and the other way round. */
export const RIVALS_OF_OWN_RATES: readonly string[] = [
  'producerRate',
  'rates',
  'testDurationMinutes',
  'testDurationSeconds',
]

/** Fields that stand for each other: the one that is set last drives out the others. */
export const RIVALS: readonly (readonly string[])[] = [
  ['producerRate', 'rates', 'search'],
  ['testDurationMinutes', 'testDurationSeconds'],
  ['backlog', 'consumerBacklogSizeGB'],
  ['warmupDurationMinutes', 'warmupDurationSeconds'],
]
