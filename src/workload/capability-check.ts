import type { Capabilities } from '../driver/capabilities.ts'
import { DRIVERS, type DriverEntry } from '../drivers/registry.ts'
import type { Plan, Side, Workload } from './model.ts'
import { configError, type Problem } from './problem.ts'

/**
 * Holds the plan against what each side's driver can do on this machine, by its capabilities. Loads the drivers'
 * modules (and optional libraries that are chosen), connects to nothing. Returns sentences a reader must know; throws
 * `AppError('CONFIG')` naming each side that cannot do it.
 */
export async function checkCapabilities(
  plan: Plan,
  registry: readonly DriverEntry[] = DRIVERS,
): Promise<string[]> {
  const problems: Problem[] = []
  const notes: string[] = []
  for (const side of plan.sides) {
    const entry = registry.find(({ name }) => name === side.driver)
    if (entry === undefined) continue
    const driver = await entry.load()
    const missing = (await driver.missing?.(side.config)) ?? null
    if (missing !== null) {
      problems.push({ where: side.file, what: `${side.label}: ${missing.what}`, hint: missing.hint })
      continue
    }
    const capabilities = driver.capabilities(side.config)
    problems.push(...problemsOf(side, plan.workload, capabilities))
    notes.push(...sideNotes(side, plan.workload, capabilities))
  }
  if (problems.length > 0) throw configError(problems)
  return notes
}

function problemsOf({ label, file }: Side, workload: Workload, capabilities: Capabilities): Problem[] {
  const problems: Problem[] = []
  const refuse = (what: string, hint: string) =>
    problems.push({ where: file, what: `${label}: ${what}`, hint })
  if (workload.partitionsPerTopic > 1 && capabilities.partitions === 'none' && !isUnordered(capabilities)) {
    refuse(`expected 1 partition, got ${workload.partitionsPerTopic}`, 'set partitionsPerTopic: 1')
  }
  if (workload.messageBytes > capabilities.maxMessageBytes) {
    const what = `expected messages of at most ${capabilities.maxMessageBytes} bytes, got ${workload.messageBytes}`
    refuse(what, "lower messageSize, or raise the system's own limit")
  }
  if (workload.keyDistributor !== 'NO_KEY' && !capabilities.keys) {
    const what = `expected messages without keys, got keyDistributor ${workload.keyDistributor}`
    refuse(what, 'set keyDistributor: NO_KEY; this side carries no keys')
  }
  if (workload.backlog !== undefined && capabilities.consumerIsServer) {
    const what =
      'expected a system that keeps messages for consumers that are paused, got one that hands them to a server'
    refuse(what, 'remove the backlog, or this side')
  }
  if (workload.subscriptionsPerTopic > 1 && !capabilities.subscriptions) {
    refuse(`expected 1 subscription, got ${workload.subscriptionsPerTopic}`, 'set subscriptionsPerTopic: 1')
  }
  if (workload.endToEndClock === 'echo' && capabilities.consumerIsServer) {
    refuse('expected endToEndClock hosts, got echo', 'its consumers are servers that all processes share')
  }
  return problems
}

/** Without order nobody can tell one partition from many. */
function isUnordered({ orderDomain, choosesPartition }: Capabilities): boolean {
  return orderDomain === 'none' && !choosesPartition
}

function sideNotes({ label }: Side, { partitionsPerTopic }: Workload, capabilities: Capabilities): string[] {
  const notes: string[] = []
  if (partitionsPerTopic > 1 && capabilities.partitions === 'emulated') {
    notes.push(
      `${label}: ${partitionsPerTopic} partitions are made as that many queues for each subscription`,
    )
  }
  if (partitionsPerTopic > 1 && capabilities.partitions === 'none') {
    notes.push(`${label}: has no partitions and keeps no order: ${partitionsPerTopic} partitions are one`)
  }
  if (capabilities.delivery === 'best-effort') {
    notes.push(`${label}: promises nothing of an acknowledged message with these settings: it may be lost`)
  }
  if (capabilities.delivery === 'at-most-once') {
    notes.push(`${label}: promises at most once with these settings: a lost message is no violation`)
  }
  return notes
}
