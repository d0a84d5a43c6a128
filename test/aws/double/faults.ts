import type { ApiError } from './answers.ts'
import type { ApiCall } from './api-call.ts'

/** A failure on demand: which calls it meets, and what they get. */
export interface Fault {
  readonly service: string
  readonly action: string
  /** Narrows it further; default: every call of the action. */
  readonly matches?: (call: ApiCall) => boolean
  /** The n-th matching call (from 1) is the first that fails; default 1. */
  readonly from?: number
  /** How many fail; default 1. */
  readonly count?: number
  readonly error: ApiError
  /** Carried out all the same, as when an answer is lost on its way; default false. */
  readonly isCarriedOut?: boolean
}

/** What a fault costs a call. */
export type Met = Pick<Fault, 'error'> & { readonly isCarriedOut: boolean }

/** The failures that are planned, and how often each call was made. */
export interface Faults {
  /** Plans a failure; the function given back takes it away again. */
  add(fault: Fault): () => void
  clear(): void
  /** Counts the call; the failure that it meets, or null. */
  meet(call: ApiCall): Met | null
  /** How often an action was called since the start. */
  calls(service: string, action: string): number
}

/** No failures yet. */
export function makeFaults(): Faults {
  const planned = new Map<Fault, number>()
  const counts = new Map<string, number>()
  const meet = (call: ApiCall): Met | null => {
    const name = `${call.service}.${call.action}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
    let met: Met | null = null
    for (const [fault, seen] of planned) {
      if (fault.service !== call.service || fault.action !== call.action) continue
      if (fault.matches !== undefined && !fault.matches(call)) continue
      planned.set(fault, seen + 1)
      const first = fault.from ?? 1
      const isHit = seen + 1 >= first && seen + 1 < first + (fault.count ?? 1)
      if (isHit && met === null) met = { error: fault.error, isCarriedOut: fault.isCarriedOut ?? false }
    }
    return met
  }
  return {
    add: (fault) => {
      const own = { ...fault }
      planned.set(own, 0)
      return () => planned.delete(own)
    },
    clear: () => planned.clear(),
    meet,
    calls: (service, action) => counts.get(`${service}.${action}`) ?? 0,
  }
}

/** How services say that they are asked too often. */
export const THROTTLED = {
  ec2: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 },
  ssm: { code: 'ThrottlingException', message: 'Rate exceeded', status: 400 },
  iam: { code: 'Throttling', message: 'Rate exceeded', status: 400 },
  s3: { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 },
} as const satisfies Record<string, ApiError>

/** How services say no. */
export const DENIED = {
  ec2: {
    code: 'UnauthorizedOperation',
    message: 'You are not authorized to perform this operation.',
    status: 403,
  },
  ssm: {
    code: 'AccessDeniedException',
    message: 'User is not authorized to perform this action',
    status: 400,
  },
  iam: { code: 'AccessDenied', message: 'User is not authorized to perform this action', status: 403 },
  s3: { code: 'AccessDenied', message: 'Access Denied', status: 403 },
} as const satisfies Record<string, ApiError>
