import type { Random } from './payloads.ts'

/** A copy with a few bytes flipped, cut, doubled or put in, as a broken or hostile sender would. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  // Half of them keep their structure: text for text, so that keys and values change and the rest stays valid.
  if (random(2) === 0) return respelled(bytes, random)
  let out = bytes.slice()
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(out.length + 1)
    switch (random(6)) {
      case 0:
        out[at] = random(256)
        break
      case 1:
        out[at] = (out[at] ?? 0) ^ (1 << random(8))
        break
      case 2:
        out = out.slice(0, at)
        break
      case 3:
        out = spliced(out, at, 1 + random(4), new Uint8Array(0))
        break
      case 4:
        out = spliced(out, at, 0, out.slice(at, at + random(20)))
        break
      default:
        out = spliced(out, at, 0, Uint8Array.from(INSERTS[random(INSERTS.length)]!))
    }
  }
  return out
}

const INSERTS = [[0xff, 0xff, 0xff, 0xff, 0x07], [0x80], [0x0b], [0x0a, 0], [0x12, 2]]

function spliced(bytes: Uint8Array, at: number, removed: number, put: Uint8Array): Uint8Array<ArrayBuffer> {
  const tail = bytes.subarray(Math.min(bytes.length, at + removed))
  const out = new Uint8Array(at + put.length + tail.length)
  out.set(bytes.subarray(0, at))
  out.set(put, at)
  out.set(tail, at + put.length)
  return out
}

function respelled(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice()
  for (let times = 1 + random(8); times > 0; times--) {
    const at = random(out.length + 1)
    const isLetter = out[at]! > 0x40 && out[at]! < 0x7f
    if (isLetter) out[at] = random(4) === 0 ? 0x80 + random(128) : 0x61 + random(4)
  }
  return out
}
