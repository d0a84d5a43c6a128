import { CODINGS, type Coding } from '../unpack.ts'

/** How a request and its answer are written. */
export type Encoding = 'protobuf' | 'json'

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** The encoding that a Content-Type names, parameters aside; null for another one or none. */
export function encodingOf(contentType: string | null): Encoding | null {
  // What nearly everybody sends, before anything is cut or lowered.
  if (contentType === CONTENT_TYPES.protobuf) return 'protobuf'
  if (contentType === null) return null
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === CONTENT_TYPES.protobuf) return 'protobuf'
  return type === CONTENT_TYPES.json ? 'json' : null
}

/** The coding that a Content-Encoding names; `identity` for none, null for one that is not known here (or several). */
export function codingOf(contentEncoding: string | null): Coding | 'identity' | null {
  if (contentEncoding === null || contentEncoding === '') return 'identity'
  const name = contentEncoding.trim().toLowerCase()
  if (name === 'identity') return 'identity'
  return CODINGS.find((coding) => coding === name) ?? null
}
