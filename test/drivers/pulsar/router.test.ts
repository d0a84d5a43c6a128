// Goal: a key goes to the partition that the protocol's official client would choose.
// Method: hashes as that client (4.0.8) computes them; the interop test compares both clients on a broker.
import { expect, test } from 'bun:test'
import { createRouter, javaStringHash, murmur3Hash } from '../../../src/drivers/pulsar/client/router.ts'

const VECTORS: readonly (readonly [string, number, number])[] = [
  ['', 0, 0],
  ['a', 97, 1_009_084_850],
  ['ab', 3105, 465_557_343],
  ['abc', 96_354, 870_159_354],
  ['abcd', 2_987_074, 1_139_631_978],
  ['ключ', 33_309_882, 442_048_578],
  ['😀', 1_772_899, 1_051_995_898],
  ['user-1234567', 155_163_186, 2_023_937_712],
]

test('hashes of keys are those of the official client, by default Java’s', () => {
  for (const [key, java, murmur3] of VECTORS) {
    expect([key, javaStringHash(key), murmur3Hash(key)]).toEqual([key, java, murmur3])
    expect(createRouter(7, 0).ofKey(key)).toBe(java % 7)
    expect(createRouter(7, 0, 'murmur3').ofKey(key)).toBe(murmur3 % 7)
  }
})
