import { MAX_IN_FLIGHT_SPAN } from './limits.ts'

const INITIAL_CAPACITY = 1024

/**
 * What a producer must remember of accepted messages until they are settled: a ring by producer sequence, growing by
 * doubling up to `MAX_IN_FLIGHT_SPAN`.
 */
export class InFlightBook {
  /** Accepted messages: the next sequence. */
  next = 0
  /** The oldest sequence that is not settled. */
  oldest = 0
  /** Accepted and not settled. */
  pending = 0
  #mask = INITIAL_CAPACITY - 1
  #sentUs = new Float64Array(INITIAL_CAPACITY)
  #streamSequence = new Float64Array(INITIAL_CAPACITY)
  #stream = new Uint32Array(INITIAL_CAPACITY)
  #slab = new Uint32Array(INITIAL_CAPACITY)
  #open = new Uint8Array(INITIAL_CAPACITY)

  /** How many more messages the ring may hold. */
  get room(): number {
    return MAX_IN_FLIGHT_SPAN - (this.next - this.oldest)
  }

  add(sentUs: number, stream: number, streamSequence: number, slab: number): void {
    if (this.next - this.oldest > this.#mask) this.#grow()
    const slot = this.next++ & this.#mask
    this.#sentUs[slot] = sentUs
    this.#stream[slot] = stream
    this.#streamSequence[slot] = streamSequence
    this.#slab[slot] = slab
    this.#open[slot] = 1
    this.pending++
  }

  isOpen(sequence: number): boolean {
    return sequence >= this.oldest && sequence < this.next && this.#open[this.#slot(sequence)] === 1
  }

  sentUs(sequence: number): number {
    return this.#sentUs[this.#slot(sequence)]!
  }

  stream(sequence: number): number {
    return this.#stream[this.#slot(sequence)]!
  }

  streamSequence(sequence: number): number {
    return this.#streamSequence[this.#slot(sequence)]!
  }

  slab(sequence: number): number {
    return this.#slab[this.#slot(sequence)]!
  }

  /** Closes an open message. */
  close(sequence: number): void {
    this.#open[this.#slot(sequence)] = 0
    this.pending--
    if (sequence !== this.oldest) return
    while (this.oldest < this.next && this.#open[this.#slot(this.oldest)] === 0) this.oldest++
  }

  // Sequences may pass 2³¹: ToInt32 keeps the low bits, which is all a mask needs.
  #slot(sequence: number): number {
    return sequence & this.#mask
  }

  #grow(): void {
    const mask = this.#mask * 2 + 1
    const copies = [this.#sentUs, this.#streamSequence, this.#stream, this.#slab, this.#open].map((old) => {
      const larger = new (old.constructor as Float64ArrayConstructor)(mask + 1)
      for (let s = this.oldest; s < this.next; s++) larger[s & mask] = old[s & this.#mask]!
      return larger
    })
    this.#sentUs = copies[0] as Float64Array<ArrayBuffer>
    this.#streamSequence = copies[1] as Float64Array<ArrayBuffer>
    this.#stream = copies[2] as unknown as Uint32Array<ArrayBuffer>
    this.#slab = copies[3] as unknown as Uint32Array<ArrayBuffer>
    this.#open = copies[4] as unknown as Uint8Array<ArrayBuffer>
    this.#mask = mask
  }
}
