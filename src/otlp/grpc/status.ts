import { RPC_CODES } from '../status.ts'

/** gRPC's status codes, which are those of google.rpc.Code (gRPC core, "Status codes and their use"). */
export const GRPC = RPC_CODES

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
