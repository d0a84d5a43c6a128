import type { Alarmed } from './alarm.ts'
import { MAX_TOTAL_BYTES, PIPE_SHARE_BYTES } from './limits.ts'
import type { Way } from './way.ts'

/** Where a pipe takes bytes from. */
export interface Source {
  pause(): void
  resume(): void
}

/** Where a pipe gives bytes to. */
export interface Sink {
  /** How many bytes were taken; fewer than given: `Pipe.writable` will be called. */
  write(bytes: Uint8Array): number
  /** No more bytes will come (FIN). */
  end(): void
  /** The connection is broken (RST). */
  reset(): void
}

/** Bytes, the end of them, or a break of the connection, on their way. */
interface Piece {
  dueUs: number
  bytes: Uint8Array
  readonly what: 'bytes' | 'end' | 'reset'
}

const NOTHING = new Uint8Array(0)

/** One direction of one connection. Bytes come out in order, none twice, none left out, until a break. */
export class Pipe implements Alarmed {
  dueUs = 0
  readonly #way: Way
  readonly #source: Source
  readonly #sink: Sink
  readonly #pieces: Piece[] = []
  #first = 0
  #bytes = 0
  #lastDueUs = 0
  #isSet = false
  #isBlocked = false
  #isPaused = false
  #isClosed = false
  /** The end or the break came out: nothing follows. */
  isOver = false

  constructor(way: Way, source: Source, sink: Sink) {
    this.#way = way
    this.#source = source
    this.#sink = sink
    way.pipes.add(this)
    if (way.condition.blackHole) this.#pause()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Bytes came from the source; they may be kept. */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed || bytes.length === 0) return
    if (this.#isEmpty && this.#way.isClear && !this.#isBlocked) {
      const written = Math.max(0, this.#sink.write(bytes))
      if (written === bytes.length) return
      this.#isBlocked = true
      this.#push(bytes.subarray(written), 0)
    } else {
      const nowUs = this.#way.clock.nowUs()
      const { pieceBytes } = this.#way
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        const piece = bytes.length <= pieceBytes ? bytes : bytes.subarray(from, from + pieceBytes)
        this.#push(piece, this.#way.dueUs(piece.length, nowUs))
      }
      this.pump(nowUs)
    }
    this.#balance()
  }

  /** The source says that nothing more will come. */
  end(): void {
    this.#finish('end')
  }

  /** The source's connection broke. */
  break(): void {
    this.#finish('reset')
  }

  /** The sink takes bytes again. */
  writable(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.pump(this.#way.clock.nowUs())
  }

  ring(nowUs: number): void {
    this.#isSet = false
    this.pump(nowUs)
  }

  /** What is under way comes at this instant at the latest. */
  hasten(latestUs: number): void {
    for (let i = this.#first; i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]!
      piece.dueUs = Math.min(piece.dueUs, latestUs)
    }
    this.#lastDueUs = Math.min(this.#lastDueUs, latestUs)
    if (!this.#isEmpty) this.dueUs = this.#pieces[this.#first]!.dueUs
  }

  /** Gives out what is due. */
  pump(nowUs: number): void {
    const { blackHole } = this.#way.condition
    while (!this.#isEmpty && !this.#isBlocked && !blackHole && !this.#isClosed) {
      const piece = this.#pieces[this.#first]!
      if (piece.dueUs > nowUs) break
      if (piece.what !== 'bytes') {
        this.#shift()
        this.isOver = true
        if (piece.what === 'end') this.#sink.end()
        else this.#sink.reset()
        return
      }
      const written = Math.max(0, this.#sink.write(piece.bytes))
      this.#count(-written)
      if (written === piece.bytes.length) this.#shift()
      else {
        piece.bytes = piece.bytes.subarray(written)
        this.#isBlocked = true
      }
    }
    if (!this.#isEmpty && !this.#isBlocked && !blackHole) this.#set()
    this.#balance()
  }

  /** Forgets what is under way. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#way.pipes.delete(this)
    this.#count(-this.#bytes)
    this.#pieces.length = 0
    this.#first = 0
  }

  get #isEmpty(): boolean {
    return this.#first >= this.#pieces.length
  }

  #finish(what: 'end' | 'reset'): void {
    if (this.#isClosed || this.#pieces.at(-1)?.what === 'reset' || this.isOver) return
    const nowUs = this.#way.clock.nowUs()
    const dueUs = Math.max(this.#lastDueUs, this.#way.isClear ? 0 : this.#way.dueUs(0, nowUs))
    this.#pieces.push({ what, bytes: NOTHING, dueUs })
    this.pump(nowUs)
  }

  #push(bytes: Uint8Array, dueUs: number): void {
    this.#lastDueUs = Math.max(this.#lastDueUs, dueUs)
    this.#pieces.push({ what: 'bytes', bytes, dueUs: this.#lastDueUs })
    this.#count(bytes.length)
  }

  #shift(): void {
    this.#first++
    if (this.#first < 64 || this.#first * 2 < this.#pieces.length) return
    this.#pieces.splice(0, this.#first)
    this.#first = 0
  }

  #set(): void {
    if (this.#isSet) return
    this.#isSet = true
    this.dueUs = this.#pieces[this.#first]!.dueUs
    this.#way.alarms.set(this)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#way.held.bytes += bytes
  }

  /** Holds the source while too much is under way. */
  #balance(): void {
    const { held, pipeBytes, condition } = this.#way
    const share = held.bytes > MAX_TOTAL_BYTES ? PIPE_SHARE_BYTES : pipeBytes
    if (condition.blackHole || this.#bytes >= share) this.#pause()
    else if (this.#bytes <= share / 2) this.#resume()
  }

  #pause(): void {
    if (this.#isPaused || this.#isClosed) return
    this.#isPaused = true
    this.#source.pause()
  }

  #resume(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#source.resume()
  }
}
