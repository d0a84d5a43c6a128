import { countText } from '../result/figures.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'

type Compared = Pick<ExperimentResult, 'sides' | 'workload'>
/** What one trial tells of its side; null = not known. */
type Read = (trial: TrialResult, workload: ExperimentResult['workload']) => string | null

/** Longer texts are cut: a table must stay one, whatever a server says of itself. */
const MAX_TEXT = 200

interface FairnessFact {
  readonly key: string
  readonly name: string
  readonly read: Read
  /** Verdicts name differences of it, and `--strict` refuses to rank over them. */
  readonly isGuarantee?: true
  /** Versions of different systems always differ: only sides of one driver are held against one another. */
  readonly withinDriver?: true
}

/** The one table of what sides promise and how they are set up; nothing else says which of it must be alike. */
const FACTS = [
  { key: 'delivery', name: 'delivery', read: ({ promise }) => promise.delivery, isGuarantee: true },
  { key: 'order', name: 'order', read: orderOf, isGuarantee: true },
  { key: 'acknowledgedBy', name: 'acknowledged by', read: acknowledgerOf },
  {
    key: 'copies',
    name: 'copies',
    read: ({ server }) => numberText(server.guarantees?.copies),
    isGuarantee: true,
  },
  {
    key: 'copiesAtAck',
    name: 'copies at the acknowledgement',
    read: ({ server }) => numberText(server.guarantees?.copiesAtAck),
    isGuarantee: true,
  },
  {
    key: 'syncedAtAck',
    name: 'on disk at the acknowledgement',
    read: ({ server }) => yesNo(server.guarantees?.syncedAtAck),
    isGuarantee: true,
  },
  {
    key: 'deduplicates',
    name: 'repeated sends dropped',
    read: ({ server }) => yesNo(server.terms?.deduplicates),
  },
  { key: 'linger', name: 'batching: linger', read: lingerOf },
  { key: 'batchSize', name: 'batching: size', read: batchSizeOf },
  { key: 'compression', name: 'compression', read: ({ server }) => server.terms?.compression ?? null },
  { key: 'partitions', name: 'partitions a topic', read: partitionsOf },
  {
    key: 'consumerAcks',
    name: 'consumer acknowledgements',
    read: ({ server }) => server.terms?.consumerAcks ?? null,
  },
  {
    key: 'serverVersion',
    name: 'server version',
    read: ({ server }) => knownText(server.version),
    withinDriver: true,
  },
  { key: 'client', name: 'client', read: ({ server }) => knownText(server.client), withinDriver: true },
  { key: 'platform', name: 'server runs on', read: ({ server }) => server.terms?.platform ?? null },
  { key: 'hosts', name: 'hosts', read: hostsOf },
] as const satisfies readonly FairnessFact[]

export type FairnessKey = (typeof FACTS)[number]['key']

/** Keys of all rows, in their order. */
export const FAIRNESS_KEYS: readonly FairnessKey[] = FACTS.map(({ key }) => key)

/** One fact of every side. */
export interface FairnessRow {
  readonly key: FairnessKey
  readonly name: string
  /** One a side; null = not known, or the side was not run. */
  readonly values: readonly (string | null)[]
  /** Sides that were run differ in it. What is not known differs from all that is known. */
  readonly differs: boolean
  readonly isGuarantee: boolean
}

export interface FairnessTable {
  /** The sides, and whether anything of them could be asked. */
  readonly sides: readonly { readonly label: string; readonly wasRun: boolean }[]
  readonly rows: readonly FairnessRow[]
}

/** What each side promised and how it was set up, beside one another. Never guessed: what nobody told is null. Pure. */
export function fairnessOf({ sides, workload }: Compared): FairnessTable {
  return {
    sides: sides.map(({ label, trials }) => ({ label, wasRun: trials.length > 0 })),
    rows: FACTS.map((fact: FairnessFact & { key: FairnessKey }) => {
      const values = sides.map(({ trials }) => toldBy(fact, trials, workload))
      return {
        key: fact.key,
        name: fact.name,
        values,
        differs: differs(fact, sides, values),
        isGuarantee: fact.isGuarantee ?? false,
      }
    }),
  }
}

/** One fact of one trial; null = not known. */
export function fairnessFact(
  key: FairnessKey,
  trial: TrialResult,
  workload: ExperimentResult['workload'],
): string | null {
  const value = FACTS.find((fact) => fact.key === key)!.read(trial, workload)
  return value !== null && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
}

/** What a view prints: a side that was not run has no facts, of one that was run they may not be known. */
export function fairnessText({ sides }: FairnessTable, { values }: FairnessRow, side: number): string {
  return values[side] ?? (sides[side]!.wasRun ? 'not known' : '–')
}

/** What sides that were run are not alike in, a line a fact: `copies: a 3; b 1`. */
export function fairnessDifferences(table: FairnessTable): readonly string[] {
  return table.rows
    .filter((row) => row.differs)
    .map((row) => {
      const said = table.sides.flatMap(({ label, wasRun }, i) =>
        wasRun ? [`${label} ${fairnessText(table, row, i)}`] : [],
      )
      return `${row.name}: ${said.join('; ')}`
    })
}

/** Trials of a side agree, unless somebody changed the system meanwhile: then all that was told is. */
function toldBy(
  { key }: { readonly key: FairnessKey },
  trials: readonly TrialResult[],
  workload: Compared['workload'],
): string | null {
  const told = new Set(trials.map((trial) => fairnessFact(key, trial, workload)))
  const [only = null] = told
  return told.size < 2 ? only : [...told].map((value) => value ?? 'not known').join(', then ')
}

function differs(
  { withinDriver }: FairnessFact,
  sides: readonly SideResult[],
  values: readonly (string | null)[],
): boolean {
  const groups = new Map<string, Set<string | null>>()
  sides.forEach(({ driver, trials }, i) => {
    if (trials.length === 0) return
    const group = withinDriver ? driver : ''
    groups.set(group, (groups.get(group) ?? new Set()).add(values[i] ?? null))
  })
  return [...groups.values()].some((group) => group.size > 1)
}

/** A queue keeps the order as a partition does, as long as no two consumers of a subscription read the same one. */
function orderOf({ promise }: TrialResult, workload: Compared['workload']): string {
  const { orderDomain, sharedStreams } = promise
  if (orderDomain === 'none') return 'not kept'
  if (orderDomain === 'key') return 'kept within a key'
  const sharing = sharedStreams && workload.consumersPerSubscription > workload.partitionsPerTopic
  return sharing ? 'not kept between consumers of a queue' : 'kept within a partition'
}

/** With one copy there is nobody else to wait for, whatever the rule is. */
function acknowledgerOf({ server: { terms, guarantees } }: TrialResult): string | null {
  switch (terms?.acknowledgedBy) {
    case undefined:
      return null
    case 'nobody':
      return 'nobody: it was handed to the socket'
    case 'memory':
      return 'one server, in memory'
    case 'receiver':
      return 'the receiver behind the system'
    default:
      return guarantees?.copies === 1 ? 'the only copy' : terms!.acknowledgedBy
  }
}

function lingerOf({ server: { terms } }: TrialResult): string | null {
  const batching = terms?.batching
  if (batching === undefined) return null
  return batching === 'none' ? 'none' : `${batching.lingerMs} ms`
}

function batchSizeOf({ server: { terms } }: TrialResult): string | null {
  const batching = terms?.batching
  if (batching === undefined) return null
  if (batching === 'none') return '1 message'
  const { maxMessages, maxBytes } = batching
  const limits = [
    ...(maxMessages === undefined ? [] : [`${countText(maxMessages)} messages`]),
    ...(maxBytes === undefined ? [] : [`${countText(maxBytes)} bytes`]),
  ]
  return limits.length === 0 ? 'no limit' : limits.join(' or ')
}

function partitionsOf({ promise }: TrialResult, { partitionsPerTopic }: Compared['workload']): string | null {
  if (promise.partitions === undefined) return null
  if (promise.partitions === 'none') return 'none'
  const count = countText(partitionsPerTopic)
  return promise.partitions === 'emulated' ? `${count}, as queues` : count
}

/** Ports of a local run are drawn anew each time and say nothing. */
function hostsOf({ server }: TrialResult): string {
  const hosts = server.terms?.hosts ?? server.addresses
  if (server.runtime === 'given') return hosts.join(', ')
  const servers = hosts.length === 1 ? '1 server' : `${hosts.length} servers`
  return `this machine (${server.runtime}), ${servers}`
}

function knownText(text: string): string | null {
  return text === 'unknown' || text === '' ? null : text
}

function numberText(value: number | undefined): string | null {
  return value === undefined ? null : String(value)
}

function yesNo(value: boolean | undefined): string | null {
  return value === undefined ? null : value ? 'yes' : 'no'
}
