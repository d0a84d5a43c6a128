import { hostname, networkInterfaces } from 'node:os'
import type { LocalBroker } from '../brokers/broker.ts'
import { identify, isSame, type ProcessIdentity, processUsage } from '../brokers/process/index.ts'
import { localBrokerNames } from '../brokers/registry.ts'
import { type BrokerState, livingNodes, readState } from '../brokers/state.ts'
import type { Clock } from '../clock/clock.ts'
import { messageOf } from '../errors/app-error.ts'
import type { OtherBroker } from '../result/result.ts'

/** Where a server is: `host:port` alone, in a URL, or in a list of them. */
const ADDRESS = /(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})(?=$|[/,?])/gi
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0|\[::\])$/i

/** Brokers that bench runs on this machine beside the one under test. */
export interface OtherBrokers {
  /** A broker that could not be ended after its trial. */
  leftBehind(broker: LocalBroker): void
  /** For one trial against these servers. */
  watch(servers: readonly string[], clock: Clock): OtherBrokersWatch
}

export interface OtherBrokersWatch {
  /** To be called at the begin and at the end of measure. */
  sample(): void
  /** Those that were up at the end of measure, with their CPU between the last two samples; empty with one sample. */
  result(): readonly OtherBroker[]
}

interface Found {
  readonly name: string
  readonly processes: readonly ProcessIdentity[]
}

interface Sample {
  readonly atUs: number
  /** CPU seconds of each process so far. */
  readonly brokers: readonly { readonly name: string; readonly cpuS: ReadonlyMap<number, number> }[]
}

/** For one experiment. `say` hears once of each such broker, and of a state that cannot be read. */
export function newOtherBrokers(say: (line: string) => void): OtherBrokers {
  const remains: Found[] = []
  const said = new Set<string>()
  const sayOnce = (line: string) => {
    if (!said.has(line)) say(line)
    said.add(line)
  }
  return {
    leftBehind({ name, nodes }) {
      const processes = nodes.map(({ pid }) => identify(pid)).filter((process) => process !== null)
      remains.push({ name: `${name} of an earlier trial`, processes })
    },
    watch(servers, clock) {
      const samples: Sample[] = []
      const find = () => [...leftRunning(servers, sayOnce), ...remains]
      for (const { name } of find()) sayOnce(`${name} is up beside the broker under test`)
      return {
        sample() {
          samples.push({ atUs: clock.nowUs(), brokers: find().map(usageOf) })
        },
        result() {
          const [begin, end] = samples.slice(-2)
          return begin === undefined || end === undefined ? [] : shares(begin, end)
        },
      }
    },
  }
}

function usageOf({ name, processes }: Found): Sample['brokers'][number] {
  const living = processes.filter(isSame)
  return { name, cpuS: new Map(living.map(({ pid }) => [pid, processUsage(pid)?.cpuS ?? 0])) }
}

/** What was not yet there at the begin has used all of its CPU since then. */
function shares(begin: Sample, end: Sample): OtherBroker[] {
  const before = new Map(begin.brokers.flatMap(({ cpuS }) => [...cpuS]))
  const seconds = Math.max(1e-6, (end.atUs - begin.atUs) / 1e6)
  return end.brokers
    .filter(({ cpuS }) => cpuS.size > 0)
    .map(({ name, cpuS }) => {
      let used = 0
      for (const [pid, now] of cpuS) used += Math.max(0, now - (before.get(pid) ?? 0))
      return { name, coreShare: used / seconds }
    })
}

/** What `bench brokers up` left running, except what is under test. */
function leftRunning(servers: readonly string[], say: (line: string) => void): Found[] {
  return localBrokerNames().flatMap((name) => {
    try {
      const state = readState(name)
      if (state === null || livingNodes(state).length === 0 || isUnderTest(state, servers)) return []
      const processes = [...state.nodes.flatMap(({ process }) => process ?? []), ...state.processes]
      return { name, processes: [...new Map(processes.map((each) => [each.pid, each])).values()] }
    } catch (error) {
      say(`whether ${name} is up is not known: ${messageOf(error)}`)
      return []
    }
  })
}

/** A server without a port may be any on its host. */
function isUnderTest({ servers: own, nodes }: BrokerState, servers: readonly string[]): boolean {
  const ports = new Set(
    [...own, ...nodes.map(({ bound }) => bound)].flatMap(addressesOf).map(({ port }) => port),
  )
  return servers.some((server) => {
    const addresses = addressesOf(server)
    if (addresses.length === 0) return isThisMachine(server)
    return addresses.some(({ host, port }) => ports.has(port) && isThisMachine(host))
  })
}

function addressesOf(text: string): { host: string; port: string }[] {
  return [...text.matchAll(ADDRESS)].map(([, host, port]) => ({ host: host!, port: port! }))
}

function isThisMachine(host: string): boolean {
  if (LOOPBACK.test(host) || host === hostname()) return true
  const bare = host.replace(/^\[|\]$/g, '')
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === bare))
}
