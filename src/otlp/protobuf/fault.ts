/** What is wrong with bytes that should be protobuf. */
export interface Malformed {
  /** Lower case, without any payload. */
  readonly detail: string
  /** Byte in the request where it went wrong. */
  readonly offset: number
}

/**
 * Thrown by `ProtoReader` and caught by every exported function of `src/otlp`: it never crosses the module's border.
 * No stack is taken: malformed input is data, and may come at any rate.
 */
export class ProtoFault {
  readonly malformed: Malformed

  constructor(detail: string, offset: number) {
    this.malformed = { detail, offset }
  }
}

/** Runs `read`; what was malformed, or null. Other errors pass. */
export function malformedOf(read: () => void): Malformed | null {
  try {
    read()
    return null
  } catch (fault) {
    if (fault instanceof ProtoFault) return fault.malformed
    throw fault
  }
}
