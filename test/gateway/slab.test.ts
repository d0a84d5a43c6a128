// Goal: the budget holds. Method: random allocations and releases against a plain sum.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSlab } from '../../gateway/slab.ts'

test('no region ever holds more than its share, and everything given back is counted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 100 }), (sizes) => {
      const slab = createSlab(4000, 4)
      const held: [number, number][] = []
      const perRegion = [0, 0, 0, 0]
      for (const size of sizes) {
        const region = slab.allocate(size)
        if (region < 0) {
          expect(perRegion.every((used) => used + size > 1000)).toBe(true)
          const freed = held.shift()
          if (freed === undefined) continue
          slab.release(freed[0], freed[1])
          perRegion[freed[0]]! -= freed[1]
          continue
        }
        held.push([region, size])
        perRegion[region]! += size
        expect(perRegion[region]!).toBeLessThanOrEqual(1000)
      }
      expect(slab.usedBytes()).toBe(held.reduce((sum, [, size]) => sum + size, 0))
      for (const [region, size] of held) slab.release(region, size)
      expect(slab.usedBytes()).toBe(0)
      expect(slab.releases()).toBe(slab.allocations())
    }),
  )
})

test('an allocation grows only while its region has room', () => {
  const slab = createSlab(200, 2)
  const region = slab.allocate(60)
  expect(slab.resize(region, 60, 101)).toBe(false)
  expect(slab.resize(region, 60, 100)).toBe(true)
  expect(slab.usedBytes()).toBe(100)
})
