import { expect } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Row, sha256 } from './bench-client.ts'
import type { JavaMessage, JavaRow } from './java-client.ts'

export const BATCHINGS = ['none', 'default', 'key'] as const
export type Batching = (typeof BATCHINGS)[number]

/** By SHA-256: the bytes, and the file that holds them. */
export type Payloads = ReadonlyMap<string, { readonly file: string; readonly value: Buffer }>

/** Empty, small and large ones, of random bytes and of words; their files are in `folder`. */
export function makePayloads(folder: string): Payloads {
  const payloads = new Map<string, { readonly file: string; readonly value: Buffer }>()
  const words = Buffer.from('the quick brown fox jumps over the lazy dog; ')
  const values = [0, 1, 1024, 102_400].flatMap((size) => [randomBytes(size), Buffer.alloc(size, words)])
  for (const value of values) {
    if (payloads.has(sha256(value))) continue
    const file = join(folder, `payload-${payloads.size}`)
    writeFileSync(file, value)
    payloads.set(sha256(value), { file, value })
  }
  return payloads
}

/** The mode was really in effect: the broker holds batches where it should, and of one key where it should. */
export function expectBatching(rows: readonly JavaRow[], batching: Batching): void {
  expect(rows.some((row) => row.batchSize > 1)).toBe(batching !== 'none')
  if (batching !== 'key') return
  const keyOf = new Map<string, string | undefined>()
  for (const { key, place, partition } of rows) {
    const entry = `${partition}:${place.split(':').slice(0, 2)}`
    expect(keyOf.has(entry) ? keyOf.get(entry) : key).toBe(key)
    keyOf.set(entry, key)
  }
}

/** Text as the rows show it. */
export const hex = (text: string) => Buffer.from(text).toString('hex')

/** Every payload under every kind of head. */
export function javaMessages(payloads: Payloads): JavaMessage[] {
  const heads: Partial<JavaMessage>[] = [
    {},
    { key: '' },
    { key: 'kéy-😀', properties: { empty: '', one: '1', zwéi: 'ß' }, eventTime: 1_700_000_000_123 },
    { keyBytes: '00ff80', properties: { one: 'other' } },
    { key: 'kéy-😀', orderingKey: 'fe00', eventTime: 5 },
  ]
  return heads.flatMap((head) => [...payloads.values()].map(({ file }) => ({ ...head, file })))
}

/** What the official client was given, as its readers should tell it. */
export function expectSent(
  rows: readonly JavaRow[],
  messages: readonly JavaMessage[],
  payloads: Payloads,
): void {
  const told = rows.map(({ sha, key, orderingKey, properties, eventTimeMs }) => ({
    sha,
    key,
    orderingKey,
    properties,
    eventTimeMs,
  }))
  const asked = messages.map(({ file, key, keyBytes, orderingKey, properties, eventTime }) => ({
    sha: [...payloads].find(([, payload]) => payload.file === file)![0],
    key: keyBytes ?? (key === undefined ? undefined : hex(key)),
    orderingKey,
    properties: properties ?? {},
    eventTimeMs: eventTime ?? 0,
  }))
  const sorted = (list: readonly object[]) => list.map((one) => Bun.inspect(one)).sort()
  expect(sorted(told)).toEqual(sorted(asked))
}

/** Every message once, and each key with one of the two consumers. */
export function expectShared(
  one: readonly Row[],
  two: readonly Row[],
  keys: readonly string[],
  each: number,
): void {
  expect(one.length + two.length).toBe(keys.length * each)
  const keysOf = (rows: readonly Row[]) => [...new Set(rows.map((row) => row.key!))]
  const [first, second] = [keysOf(one), keysOf(two)]
  expect([...first, ...second].sort()).toEqual(keys.map(hex).sort())
  expect(Math.min(first.length, second.length)).toBeGreaterThan(0)
}
