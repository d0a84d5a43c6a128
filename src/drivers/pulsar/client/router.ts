/** Java's `String.hashCode`, as the partition of a key is chosen by default in the protocol's own clients. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash & 0x7fffffff
}

/** Chooses partitions: by key, or one after the other, a whole batch each. */
export interface Router {
  ofKey(key: string): number
  next(): number
}

export function createRouter(partitions: number, first: number): Router {
  let turn = first
  return {
    ofKey: (key) => javaStringHash(key) % partitions,
    next() {
      turn = (turn + 1) % partitions
      return turn
    },
  }
}
