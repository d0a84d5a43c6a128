import { decodeText, parseJson } from './parse.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** The JSON object in these bytes, or null when there is none. */
export function parseObject(json: Uint8Array): JsonObject | null {
  const text = decodeText(json)
  return text === null ? null : asObject(parseJson(text))
}

/** The value as an object, or null when it is something else. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** The value as a string, or empty: for texts that are only shown. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A number, or a string of digits, as a number; 0 for anything else. */
export function asNumber(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : 0
}
