/** First in, first out, with room given back in large steps: constant time for push and shift. */
export interface Fifo<T> {
  readonly length: number
  push(item: T): void
  peek(): T | undefined
  shift(): T | undefined
  /** Puts items before the first, keeping their order. */
  unshift(items: readonly T[]): void
  /** A copy of what is held. */
  items(): readonly T[]
}

const COMPACT_AT = 1024

/** An empty queue. */
export function createFifo<T>(): Fifo<T> {
  let items: T[] = []
  let head = 0
  return {
    get length() {
      return items.length - head
    },
    push(item) {
      items.push(item)
    },
    peek: () => items[head],
    shift() {
      if (head === items.length) return undefined
      const item = items[head++]
      if (head >= COMPACT_AT && head * 2 >= items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    unshift(front) {
      items = [...front, ...items.slice(head)]
      head = 0
    },
    items: () => items.slice(head),
  }
}
