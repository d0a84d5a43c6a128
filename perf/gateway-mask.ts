// Question: what does masking cost a request of 100 spans with 8 attributes each (33 KB), in place, reframed and where
// no rule matches, next to a copy of the body and to checking alone?
// Usage: ./bench --script perf/gateway-mask.ts [rounds]. Prints a line a case: the best round in µs and MB/s.
import { createMasker } from '../gateway/mask/masker.ts'
import { parseMaskRules } from '../gateway/mask/rules.ts'
import { tracesPayload } from '../test/gateway/mask/traces-payload.ts'

const SPANS = 100
const REPEATS = 1000
const rounds = Number(process.argv[2] ?? 20)

const CASES: readonly { name: string; rules: string; tenant: string }[] = [
  { name: 'checked only, no rules', rules: '', tenant: 'tenant-0001' },
  { name: 'masked in place', rules: rule('spans.attributes.tenant_id', '##########'), tenant: 'tenant-001' },
  { name: 'reframed', rules: rule('spans.attributes.tenant_id', '##########'), tenant: 'tenant-0001' },
  { name: 'no match', rules: rule('spans.attributes.customer_id', '##########'), tenant: 'tenant-0001' },
  {
    name: 'every attribute reframed',
    rules: rule('spans.attributes[*]', '##########'),
    tenant: 'tenant-0001',
  },
]

function rule(path: string, replacement: string): string {
  return `r|TRACES|REDACT_MASK|${path}|${replacement}|1|skip|true`
}

/** CPU time of the best of `rounds` rounds, in µs: on a busy machine the clock measures the neighbours. */
function bestUs(work: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < REPEATS; i++) work()
    best = Math.min(best, process.cpuUsage(before).user / REPEATS)
  }
  return best
}

function report(name: string, us: number, bytes: number): void {
  console.log(
    `${name.padEnd(34)} ${us.toFixed(1).padStart(7)} µs ${(bytes / us).toFixed(0).padStart(7)} MB/s`,
  )
}

const plain = tracesPayload(SPANS, 'tenant-0001')
const target = new Uint8Array(plain.length)
const copyUs = bestUs(() => target.set(plain))
report(`copy of ${plain.length} bytes`, copyUs, plain.length)
for (const writer of ['scalar', 'simd'] as const) {
  for (const { name, rules, tenant } of CASES) {
    const masker = createMasker(parseMaskRules(rules), {
      allowReframe: true,
      maxOpsPerPacket: 100_000,
      writer,
    })
    const body = tracesPayload(SPANS, tenant)
    const work = body.slice()
    // In place leaves its mask behind, so each round begins from a copy, whose cost is taken off.
    const us = bestUs(() => {
      work.set(body)
      masker.mask('traces', work)
    })
    report(`${writer}: ${name}`, us - copyUs, body.length)
  }
}
