/** What a load process is told. */
export interface LoadOrder {
  readonly protocol: 'http' | 'grpc'
  readonly url: string
  readonly connections: number
  /** Calls at once on a gRPC connection. */
  readonly streams: number
  /** Spans of the payload. */
  readonly spans: number
  /** Null: closed loop. */
  readonly rateHz: number | null
  readonly warmUpMs: number
  /** As `LoadOptions` has it: on a busy machine time alone does not warm anything up. */
  readonly warmUpRequests: number
  readonly durationMs: number
  /** Processes under test, whose CPU time over the measured window is taken. */
  readonly pids: readonly number[]
}

/** What it says in the end. */
export interface LoadReport {
  readonly windowAccepted: number
  readonly windowMs: number
  /** CPU time of `pids` together in the window. */
  readonly cpuSeconds: number
  readonly sent: number
  readonly accepted: number
  readonly failures: Readonly<Record<string, number>>
  readonly unsent: number
  readonly latencyP50Ms: number
  readonly latencyP99Ms: number
  /** Connections that each of `pids` had accepted when the window began. */
  readonly connectionsByProcess: readonly number[]
}
