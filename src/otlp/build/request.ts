import { AppError } from '../../errors/app-error.ts'
import type { Requests } from '../description.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { REQUEST_SCHEMAS } from '../schema.ts'
import type { Signal } from '../signal.ts'
import { newTrail, pathOf, writeMessage } from './message.ts'
import { ValueFault } from './scalar.ts'

/**
 * The protobuf bytes of an Export*ServiceRequest. Fields are written in the order of their numbers, defaults left out:
 * equal descriptions give equal bytes. Throws `AppError('CONTRACT')` naming the path of a value that does not fit.
 */
export function buildRequest<S extends Signal>(signal: S, request: Requests[S]): Uint8Array {
  const writer = new ProtoWriter()
  const trail = newTrail()
  try {
    writeMessage(writer, REQUEST_SCHEMAS[signal], request, trail)
  } catch (fault) {
    if (!(fault instanceof ValueFault)) throw fault
    throw new AppError('CONTRACT', `${fault.detail} at ${pathOf(trail)}`)
  }
  return writer.finish()
}
