import { type FakeFaults, faultCount, MESSAGES_PER_FAULT } from './options.ts'

export type FaultKind = 'lose' | 'duplicate' | 'swap' | 'corrupt' | 'acknowledgeAndDrop'

const KINDS: readonly FaultKind[] = ['lose', 'duplicate', 'swap', 'corrupt', 'acknowledgeAndDrop']

/** Decides, in the order of acceptance, which message is hit by which fault. */
export interface FaultPlanner {
  /** Faults that have not found their message yet. */
  readonly open: number
  /** The fault of the next accepted message, which belongs to `stream`. */
  next(stream: string): FaultKind | null
  /** A swap found no partner in time: it will be tried on another message. */
  retrySwap(): void
}

interface StreamState {
  seen: boolean
  /** How many of the stream's next messages no fault may hit, so that faults do not touch each other. */
  quiet: number
}

/**
 * Exactly as many faults as asked, at positions drawn from the first `window` messages. A fault that falls beside
 * another one of its stream moves on to the next message that is free.
 */
export function planFaults(faults: FakeFaults): FaultPlanner {
  const random = seededRandom(faults.seed)
  const total = faultCount(faults)
  const kinds = shuffle(
    KINDS.flatMap((kind) => new Array<FaultKind>(faults[kind]).fill(kind)),
    random,
  )
  const positions = drawPositions(total, faults.window - MESSAGES_PER_FAULT * total, random)
  const streams = new Map<string, StreamState>()
  const due: FaultKind[] = []
  let placed = 0
  let drawn = 0
  let index = 0

  function take(state: StreamState): FaultKind | null {
    if (state.quiet > 0) {
      state.quiet--
      return null
    }
    // A stream that was seen before is likely to be seen again, so that a swap finds its second message.
    const at = due.findIndex((kind) => kind !== 'swap' || state.seen)
    if (at < 0) return null
    const [kind] = due.splice(at, 1)
    state.quiet = kind === 'swap' ? 2 : 1
    placed++
    return kind!
  }

  return {
    get open() {
      return total - placed
    },
    next(stream) {
      if (placed === total) return null
      while (drawn < total && positions[drawn]! <= index) due.push(kinds[drawn++]!)
      index++
      let state = streams.get(stream)
      if (state === undefined) {
        state = { seen: false, quiet: 0 }
        streams.set(stream, state)
      }
      const kind = take(state)
      state.seen = true
      return kind
    },
    retrySwap() {
      placed--
      due.push('swap')
    },
  }
}

/** `count` different whole numbers below `limit`, ascending. */
function drawPositions(count: number, limit: number, random: () => number): readonly number[] {
  const positions = new Set<number>()
  while (positions.size < count) positions.add(Math.floor(random() * limit))
  return [...positions].sort((a, b) => a - b)
}

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const item = items[i]!
    items[i] = items[j]!
    items[j] = item
  }
  return items
}

/** Numbers in [0, 1) by a 32-bit xorshift (Marsaglia 2003) over a scrambled seed. */
function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
