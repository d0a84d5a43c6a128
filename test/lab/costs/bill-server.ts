import type { PriceTable } from '../../../src/lab/costs/price-schema.ts'
import type { ExperimentInstance, ExperimentRecord } from '../../../src/lab/experiment/record.ts'
import { errorAnswer } from '../../aws/double/answers.ts'
import { readCall } from '../../aws/double/api-call.ts'
import { CREDENTIALS } from '../../aws/double/clients.ts'
import { costAnswer } from '../../aws/double/cost-explorer.ts'
import { type Faults, makeFaults } from '../../aws/double/faults.ts'
import type { Machine } from '../../aws/double/machine.ts'
import { DOUBLE_PRICES } from '../../aws/double/prices.ts'

/** The test double's Cost Explorer alone: without moto, and so at once. */
export interface BillServer {
  readonly endpoint: string
  readonly environment: Readonly<Record<string, string>>
  readonly machines: Map<string, Machine>
  readonly activeTags: Set<string>
  readonly faults: Faults
  nowMs: number
  delayMs: number
  pageSize: number
  stop(): Promise<void>
}

const DAY_MS = 86_400_000

export function startBillServer(nowMs: number): BillServer {
  const faults = makeFaults()
  const machines = new Map<string, Machine>()
  const activeTags = new Set(['ExperimentID', 'Role', 'team'])
  const state = { nowMs, delayMs: DAY_MS, pageSize: 1_000 }
  const options = {
    ...{ machines, activeTags, nowMs: () => state.nowMs },
    ...{ delayMs: () => state.delayMs, pageSize: () => state.pageSize },
  }
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: async (request) => {
      const call = await readCall(request)
      const met = faults.meet(call)
      if (met !== null) return errorAnswer('json', met.error)
      return costAnswer(call, options) ?? new Response('not Cost Explorer', { status: 500 })
    },
  })
  const endpoint = `http://127.0.0.1:${server.port}`
  const own = {
    ...{ endpoint, machines, activeTags, faults },
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
    stop: () => server.stop(true),
  }
  return Object.assign(state, own)
}

/** The instances of a record as the double bills them, with these tags beside the experiment's. */
export function billed(
  server: BillServer,
  record: ExperimentRecord,
  tags: Readonly<Record<string, string>> = {},
): void {
  for (const each of record.instances) {
    server.machines.set(each.id, {
      ...{ id: each.id, type: each.instanceType, imageId: 'ami-1', vpcId: 'vpc-1', subnetId: 'subnet-1' },
      ...{ address: each.privateIp, publicAddress: each.publicIp, zone: 'us-west-2a', profile: null },
      ...{ userData: '', isSpot: each.spot, spotRequestId: null, isStopped: false, agent: 'online' },
      ...{ box: null, userDataStatus: null, interruptedAtMs: null, stateReason: null },
      tags: { ExperimentID: record.experimentId, Role: each.role, ...tags },
      diskGb: each.rootDiskGb + each.dataDiskGb,
      ...{ startedMs: each.launchedMs, endedMs: each.endedMs },
    })
  }
}

const source = 'double'

/** What the double bills by. */
export const DOUBLE_TABLE: PriceTable = {
  schemaVersion: 1,
  currency: 'USD',
  sources: {
    [source]: {
      what: 'the double',
      url: 'https://example.com/',
      date: DOUBLE_PRICES.date,
      read: '2026-11-02',
    },
  },
  regions: {
    'us-west-2': {
      onDemand: [{ source, usdPerHour: { ...DOUBLE_PRICES.instanceHour } }],
      spot: [
        {
          source,
          usdPerHour: Object.fromEntries(
            Object.entries(DOUBLE_PRICES.instanceHour).map(([type, usd]) => [
              type,
              usd * DOUBLE_PRICES.spotShare,
            ]),
          ),
        },
      ],
      disks: { gp3: { source, usdPerGbMonth: DOUBLE_PRICES.gigabyteMonth } },
      publicIpv4: { source, usdPerHour: DOUBLE_PRICES.publicAddressHour },
    },
  },
}

/** The record of an experiment that ran from `fromMs` to `toMs`. */
export function recordOf(
  fromMs: number,
  toMs: number | null,
  own: Partial<ExperimentRecord> = {},
): ExperimentRecord {
  const instance = (id: string, role: string, instanceType: string): ExperimentInstance => ({
    ...{ id, role, name: `${role}-1`, instanceType, spot: role === 'client', privateIp: '10.0.1.1' },
    ...{ publicIp: '203.0.113.7', launchedMs: fromMs, endedMs: toMs, rootDiskGb: 10 },
    dataDiskGb: role === 'kafka' ? 20 : 0,
  })
  return {
    ...{ schemaVersion: 1, experimentId: 'cost-1', name: 'benchmark', project: 'bench' },
    ...{ configDigest: 'x', configFile: '/nowhere/infrastructure.yaml', region: 'us-west-2' },
    ...{ startedMs: fromMs, expiresAtMs: fromMs + DAY_MS, tags: {}, systems: ['kafka'] },
    state: toMs === null ? 'ready' : 'ended',
    ...{ driver: null, steps: [], bucket: null, applyToReadyMs: 90_000 },
    runs: [
      {
        ...{ id: 'steady', folder: 'steady-1', name: 'steady', plan: 'poc', digest: 'd' },
        ...{ startedMs: fromMs, endedMs: toMs, exitCode: 0, outcome: 'done' },
      },
    ],
    instances: [
      instance('i-01', 'kafka', 't3.small'),
      instance('i-02', 'kafka', 't3.small'),
      instance('i-03', 'client', 't3.medium'),
    ],
    ...{ keepOnFailure: false, maxCostUsd: null },
    ...own,
  }
}
