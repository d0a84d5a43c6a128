import type { LabConfig } from '../config/lab-config.ts'
import type { DataVolume } from '../config/machine-groups.ts'
import { type CostLine, priced, SERVICES } from './cost-line.ts'
import type { PriceTable } from './price-schema.ts'
import { GP3_INCLUDED, type Prices, pricesOf } from './unit-price.ts'

const HOUR_MS = 3_600_000
/** Hours of a month, as AWS counts them in its own examples. */
const MONTH_HOURS = 730
/** Instances and volumes are billed by the second, but for a minute at least. */
const MIN_HOURS = 1 / 60
const BYTES_PER_GB = 1e9

/** What something cost, or will cost, by a price table. */
export interface Estimate {
  readonly currency: 'USD'
  readonly lines: readonly CostLine[]
  /** Of all lines whose price is known. */
  readonly totalUsd: number
  /** What has no price in the table: the total is without it. Each named once. */
  readonly unknown: readonly string[]
  /** A price is an upper bound: a spot instance whose typical price is not known. */
  readonly isBound: boolean
}

/** Machines of one kind for some time. */
interface MachineTime {
  readonly role: string
  readonly count: number
  readonly instanceType: string
  readonly isSpot: boolean
  readonly spotMaxUsd: number | null
  readonly hasPublicIp: boolean
  readonly rootDiskGb: number
  readonly dataDisk: DataVolume | null
  readonly hours: number
}

/** What a configuration costs in an hour, and for a time. */
export interface PlanEstimate {
  readonly perHour: Estimate
  readonly total: Estimate
  readonly hours: number
}

/** The price of what a configuration asks for, while it stands for so many hours. Pure. */
export function estimatePlan(
  config: Pick<LabConfig, 'aws' | 'machines'>,
  hours: number,
  table: PriceTable,
): PlanEstimate {
  const { region, use_spot_instances: isSpot, spot_max_price: max } = config.aws
  const prices = pricesOf(table, region)
  const forHours = (time: number) =>
    estimateOf(
      config.machines.flatMap(({ role, count, instanceType, rootVolumeGiB, dataVolume }) =>
        machineLines(
          {
            ...{ role, count, instanceType, isSpot, hasPublicIp: true, hours: time },
            spotMaxUsd: max === undefined ? null : Number(max),
            rootDiskGb: rootVolumeGiB,
            dataDisk: dataVolume,
          },
          prices,
        ),
      ),
    )
  return { perHour: forHours(1), total: forHours(hours), hours }
}

/** An instance that was made, as the experiment's record has it. */
export interface RecordedInstance {
  /** Tag Role. */
  readonly role: string
  readonly instanceType: string
  readonly spot: boolean
  readonly publicIp: string | null
  readonly launchedMs: number
  /** Null while it runs. */
  readonly endedMs: number | null
  readonly rootDiskGb: number
  /** 0 without a data volume. */
  readonly dataDiskGb: number
  /** What the data volume is; absent: gp3, with what comes with it. */
  readonly dataDisk?: DataVolume | null
}

/** The part of an experiment's record that a price follows from. */
export interface RecordedExperiment {
  readonly region: string
  readonly instances: readonly RecordedInstance[]
}

/** Traffic that is paid for, where it was measured. */
export interface Traffic {
  /** Role that the lines are counted to. */
  readonly role: string
  readonly betweenZonesBytes?: number
  readonly outBytes?: number
  /** Of results in S3: bytes × hours. */
  readonly s3ByteHours?: number
}

/** What an experiment has cost until now: its instances' time, disks and addresses, and `traffic`. Pure. */
export function estimateRecord(
  { region, instances }: RecordedExperiment,
  nowMs: number,
  table: PriceTable,
  traffic: readonly Traffic[] = [],
): Estimate {
  const prices = pricesOf(table, region)
  const machines = instances.flatMap((instance) => machineLines(machineTime(instance, nowMs), prices))
  return estimateOf([...machines, ...traffic.flatMap((each) => trafficLines(each, prices))])
}

/** What an hour costs of all that runs now. Pure. */
export function pricePerHour({ region, instances }: RecordedExperiment, table: PriceTable): Estimate {
  const running = instances.filter(({ endedMs }) => endedMs === null)
  const lasting = running.map((instance) => ({ ...instance, launchedMs: 0, endedMs: HOUR_MS }))
  return estimateRecord({ region, instances: lasting }, HOUR_MS, table)
}

function machineTime(instance: RecordedInstance, nowMs: number): MachineTime {
  const { role, instanceType, spot, publicIp, rootDiskGb, dataDiskGb } = instance
  const plain = { sizeGiB: dataDiskGb, type: 'gp3', iops: null, throughputMiBps: null }
  const lastedMs = Math.max(0, (instance.endedMs ?? nowMs) - instance.launchedMs)
  return {
    ...{ role, count: 1, instanceType, isSpot: spot, spotMaxUsd: null, rootDiskGb },
    hasPublicIp: publicIp !== null,
    dataDisk: instance.dataDisk ?? (dataDiskGb > 0 ? plain : null),
    hours: Math.max(MIN_HOURS, lastedMs / HOUR_MS),
  }
}

function machineLines(machine: MachineTime, prices: Prices): CostLine[] {
  const { role, count, instanceType, isSpot, spotMaxUsd, hours } = machine
  const lines = [
    priced(
      {
        ...{ role, service: SERVICES.compute, unit: 'hour', quantity: count * hours },
        what: `${instanceType} ${isSpot ? 'spot' : 'on demand'}`,
      },
      prices.instance(instanceType, isSpot, spotMaxUsd),
      prices.region,
    ),
  ]
  const plainGp3 = { type: 'gp3', iops: null, throughputMiBps: null }
  lines.push(...diskLines(machine, { ...plainGp3, sizeGiB: machine.rootDiskGb }, prices))
  if (machine.dataDisk !== null) lines.push(...diskLines(machine, machine.dataDisk, prices))
  if (machine.hasPublicIp) {
    const what = 'public IPv4 address'
    const own = { role, service: SERVICES.network, what, unit: 'hour', quantity: count * hours }
    lines.push(priced(own, prices.publicIpv4(), prices.region))
  }
  return lines
}

function diskLines({ role, count, hours }: MachineTime, disk: DataVolume, prices: Prices): CostLine[] {
  const { type, sizeGiB, iops, throughputMiBps } = disk
  const months = (count * hours) / MONTH_HOURS
  const included = type === 'gp3' ? GP3_INCLUDED : { iops: 0, throughputMiBps: 0 }
  const parts = [
    { what: `${type} disk`, unit: 'GB-month', amount: sizeGiB, price: prices.diskGb(type) },
    {
      ...{ what: `${type} IOPS beyond those included`, unit: 'IOPS-month' },
      ...{ amount: Math.max(0, (iops ?? 0) - included.iops), price: prices.diskIops(type) },
    },
    {
      ...{ what: `${type} throughput beyond that included`, unit: 'MiB/s-month' },
      amount: Math.max(0, (throughputMiBps ?? 0) - included.throughputMiBps),
      price: prices.diskMibps(type),
    },
  ]
  return parts
    .filter(({ amount }) => amount > 0)
    .map(({ what, unit, amount, price }) =>
      priced({ role, service: SERVICES.other, what, unit, quantity: amount * months }, price, prices.region),
    )
}

function trafficLines(traffic: Traffic, prices: Prices): CostLine[] {
  const { role, betweenZonesBytes = 0, outBytes = 0, s3ByteHours = 0 } = traffic
  const lines: CostLine[] = []
  const add = (service: string, what: string, unit: string, quantity: number, price: CostLine['price']) => {
    if (quantity > 0) lines.push(priced({ role, service, what, unit, quantity }, price, prices.region))
  }
  // Sent and received: both ends pay.
  const crossed = (2 * betweenZonesBytes) / BYTES_PER_GB
  add(SERVICES.other, 'traffic between zones', 'GB', crossed, prices.betweenZonesGb())
  add(SERVICES.other, 'traffic to the internet', 'GB', outBytes / BYTES_PER_GB, prices.outGb())
  const stored = s3ByteHours / BYTES_PER_GB / MONTH_HOURS
  add(SERVICES.s3, 'results in S3', 'GB-month', stored, prices.s3Gb())
  return lines
}

function estimateOf(lines: readonly CostLine[]): Estimate {
  return {
    currency: 'USD',
    lines,
    totalUsd: lines.reduce((sum, { usd }) => sum + (usd ?? 0), 0),
    unknown: [...new Set(lines.flatMap(({ usd, unknown }) => (usd === null ? [unknown] : [])))],
    isBound: lines.some(({ price }) => price?.isBound === true),
  }
}
