import type { ConsumerSpec } from '../../../driver/driver.ts'
import { incomingRun } from '../incoming.ts'
import type { KafkaConfig } from '../kafka-config.ts'
import { kindOfCode, kindOfFailure } from '../kafka-errors.ts'
import type { OffsetLedger } from '../offset-ledger.ts'
import {
  decodeFetchResponse,
  encodeFetchRequest,
  FETCH_VERSION,
  type FetchedPartition,
  type FetchPosition,
} from '../wire/fetch.ts'
import { scanRecords } from '../wire/record-scan.ts'
import type { Library, TopicNodes } from './platformatic-nodes.ts'

const FIRST_BACKOFF_MS = 50
const LAST_BACKOFF_MS = 1000
/** Most bytes of one response, over all partitions (Java: fetch.max.bytes). */
const RESPONSE_BYTES_LIMIT = 52_428_800
const OFFSET_OUT_OF_RANGE = 1

export interface FetcherOptions {
  readonly library: Library
  readonly nodes: TopicNodes
  readonly spec: ConsumerSpec
  readonly config: KafkaConfig
  readonly ledger: OffsetLedger
  readonly onError: (kind: string) => void
  readonly ended: AbortSignal
}

/** Keeps one fetch under way to each leader of an assigned partition. */
export interface Fetcher {
  /** Takes a new assignment over; returns the partitions that need a position. */
  assign(partitions: readonly number[]): number[]
  start(positions: ReadonlyMap<number, number>): void
  allPositioned(): boolean
  pause(): void
  resume(): void
}

/** A fetcher without partitions. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const { nodes, spec, config, ledger, ended } = options
  const topicName = Buffer.from(spec.topic)
  const limits = {
    maxWaitMs: config.fetchMaxWaitMs,
    minBytes: config.fetchMinBytes,
    maxBytes: RESPONSE_BYTES_LIMIT,
    maxBytesPerPartition: config.maxBytesPerPartition,
  }
  /** Next offset of each assigned partition; −1 until it is known. */
  const offsets = new Map<number, number>()
  const busyNodes = new Set<number>()
  /** Nodes that failed, until the leaders were looked up again. */
  const resting = new Set<number>()
  const algorithms = options.library.compressionsAlgorithmsByBitmask
  /** Nothing is fetched before the first `resume`. */
  let paused = true
  let backoffMs = FIRST_BACKOFF_MS
  let retryTimer: ReturnType<typeof setTimeout> | null = null

  function pump(): void {
    if (paused || ended.aborted) return
    const requests = new Map<number, FetchPosition[]>()
    for (const [partition, offset] of offsets) {
      if (offset < 0 || ledger.isFull(partition)) continue
      const node = nodes.leaderOf(partition)
      if (node < 0) retryLater()
      if (node < 0 || busyNodes.has(node) || resting.has(node)) continue
      const positions = requests.get(node)
      if (positions === undefined) requests.set(node, [{ partition, offset }])
      else positions.push({ partition, offset })
    }
    for (const [node, positions] of requests) void fetch(node, positions)
  }

  async function fetch(node: number, positions: readonly FetchPosition[]): Promise<void> {
    busyNodes.add(node)
    let answer: Buffer | null = null
    let failure: string | null = null
    try {
      const body = encodeFetchRequest(topicName, positions, limits)
      answer = await nodes.request(node, { key: FETCH_VERSION.key, version: FETCH_VERSION.version, body })
    } catch (error) {
      failure = kindOfFailure(error)
    }
    busyNodes.delete(node)
    if (ended.aborted) return
    // What comes after a pause is left at the broker: the position stays, and it is fetched again.
    if (answer !== null && !paused) failure = deliver(answer, positions)
    if (failure === null) backoffMs = FIRST_BACKOFF_MS
    else {
      options.onError(failure)
      resting.add(node)
      retryLater()
    }
    pump()
  }

  function deliver(answer: Buffer, positions: readonly FetchPosition[]): string | null {
    const response = decodeFetchResponse(answer)
    if (response.errorCode !== 0) return kindOfCode(response.errorCode)
    let failure: string | null = null
    for (const fetched of response.partitions) {
      const asked = positions.find(({ partition }) => partition === fetched.partition)
      if (asked === undefined || offsets.get(fetched.partition) !== asked.offset) continue
      if (fetched.errorCode === 0) deliverPartition(fetched, asked.offset)
      else failure = onPartitionError(fetched)
    }
    return failure
  }

  function deliverPartition(fetched: FetchedPartition, fromOffset: number): void {
    if (fetched.records.length === 0) return
    const { partition } = fetched
    const next = scanRecords(fetched.records, fromOffset, decompress, (run, nextOffset) => {
      if (offsets.has(partition) && !ended.aborted)
        spec.onBatch(incomingRun(run, partition, ledger.delivered(partition, nextOffset)))
    })
    if (offsets.has(partition)) offsets.set(partition, next)
  }

  function onPartitionError(fetched: FetchedPartition): string {
    if (fetched.errorCode !== OFFSET_OUT_OF_RANGE) return kindOfCode(fetched.errorCode)
    // Retention removed what was next: go on with the oldest there is. What is missing shows in the audit.
    if (fetched.logStartOffset >= 0) offsets.set(fetched.partition, fetched.logStartOffset)
    return 'offset out of range'
  }

  function decompress(codec: number, bytes: Buffer): Buffer {
    const algorithm = algorithms[codec]
    if (algorithm === undefined) throw new Error(`unknown compression codec ${codec}`)
    return algorithm.decompressSync(bytes)
  }

  function retryLater(): void {
    if (retryTimer !== null || ended.aborted) return
    retryTimer = setTimeout(() => {
      void nodes
        .refresh()
        .catch(() => {})
        .finally(() => {
          retryTimer = null
          resting.clear()
          pump()
        })
    }, backoffMs)
    backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS)
  }

  return {
    assign(partitions) {
      for (const partition of [...offsets.keys()]) {
        if (partitions.includes(partition)) continue
        offsets.delete(partition)
        ledger.forget(partition)
      }
      const fresh: number[] = []
      for (const partition of partitions) {
        if ((offsets.get(partition) ?? -1) >= 0) continue
        offsets.set(partition, -1)
        fresh.push(partition)
      }
      return fresh
    },
    start(positions) {
      for (const [partition, offset] of positions) {
        if (offsets.get(partition) === -1) offsets.set(partition, offset)
      }
      pump()
    },
    allPositioned() {
      for (const offset of offsets.values()) if (offset < 0) return false
      return true
    },
    pause() {
      paused = true
    },
    resume() {
      paused = false
      pump()
    },
  }
}
