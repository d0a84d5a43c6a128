// Question: does the masker agree with a reference that decodes, edits and encodes, on a hundred thousand generated
// payloads, and does any of a million mutated ones crash it, hang it, or come out with a value the reference masks?
// Usage: ./bench --script perf/proof-gateway-mask.ts [payloads] [mutated] [seed]. Prints JSON; status 1 on a finding.
import { broken, cases, disagreement, newCounts } from '../test/gateway/mask/reference/compare.ts'
import { seeded } from '../test/gateway/mask/reference/payloads.ts'

const BODIES_PER_RULE_SET = 20
const MUTATIONS_PER_BODY = 10
/** Of CPU time: the clock would measure the neighbours. The reference's share is in it. */
const LIMIT_CASE_CPU_MS = 1000
const payloads = Number(process.argv[2] ?? 100_000)
const mutations = Number(process.argv[3] ?? 1_000_000)
const seed = Number(process.argv[4] ?? 1)

function run(count: number, runSeed: number, isMutated: boolean): boolean {
  const random = seeded(runSeed)
  const next = cases(random, BODIES_PER_RULE_SET)
  const counts = newCounts()
  const startMs = performance.now()
  let slowestCpuMs = 0
  let finding: unknown = null
  let bytes = 0
  let source = next()
  for (let i = 0; i < count && finding === null; i++) {
    if (!isMutated || i % MUTATIONS_PER_BODY === 0) source = next()
    const one = isMutated ? broken(source, random) : source
    const body = one.body.slice()
    bytes += body.length
    const before = process.cpuUsage()
    let wrong: string | null
    try {
      wrong = disagreement(one, isMutated, counts)
    } catch (error) {
      wrong = error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    slowestCpuMs = Math.max(slowestCpuMs, process.cpuUsage(before).user / 1000)
    if (wrong !== null) {
      const rules = one.rules.map(({ ways: _, ...rule }) => rule)
      const hex = Buffer.from(body).toString('hex')
      finding = { case: i, wrong, signal: one.signal, limit: one.limit, isOdd: one.isOdd, rules, body: hex }
    }
  }
  if (slowestCpuMs > LIMIT_CASE_CPU_MS) finding ??= `one case took ${slowestCpuMs} ms of CPU time`
  const seconds = (performance.now() - startMs) / 1000
  console.log(JSON.stringify({ isMutated, count, seed, bytes, ...counts, slowestCpuMs, seconds, finding }))
  return finding === null
}

const isEqual = run(payloads, seed, false)
const isSafe = run(mutations, seed + 1, true)
process.exitCode = isEqual && isSafe ? 0 : 1
