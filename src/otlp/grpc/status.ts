/** The gRPC status codes that OTLP speaks of (gRPC core, "Status codes and their use"). */
export const GRPC = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const

export type GrpcCode = (typeof GRPC)[keyof typeof GRPC]

/**
 * Codes after which a client may try again (OTLP specification, "OTLP/gRPC Response"). RESOURCE_EXHAUSTED is one more,
 * but only with a RetryInfo.
 */
export const RETRYABLE_CODES: ReadonlySet<number> = new Set([
  GRPC.cancelled,
  GRPC.deadlineExceeded,
  GRPC.aborted,
  GRPC.outOfRange,
  GRPC.unavailable,
  GRPC.dataLoss,
])
