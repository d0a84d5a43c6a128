import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from '../brokers/provision/cache.ts'
import { writeFileAtomic } from '../result/atomic-file.ts'
import { type Calibration, type Machine, parseCalibration, staleReason } from './calibration.ts'

/** Files kept: of earlier kernels and versions, to say why a calibration does not hold any more. */
const MAX_FILES = 16

const folder = () => join(cacheDirectory(), 'calibration')

/** Where the calibration of a machine lies. */
export function calibrationFile(machine: Machine): string {
  const key = createHash('sha256')
    .update(JSON.stringify(Object.entries(machine).sort()))
    .digest('hex')
  return join(folder(), `${key.slice(0, 16)}.json`)
}

/** Writes it, and removes the oldest of too many. */
export async function storeCalibration(calibration: Calibration): Promise<string> {
  const file = calibrationFile(calibration.machine)
  await mkdir(folder(), { recursive: true })
  await writeFileAtomic(file, `${JSON.stringify(calibration, null, 2)}\n`)
  const kept = await readAll()
  for (const { path } of kept.slice(MAX_FILES)) await rm(path, { force: true })
  return file
}

export interface Found {
  readonly calibration: Calibration
  /** Why it does not hold now; null when it does. */
  readonly stale: string | null
}

/** This machine's own, else the newest of those that do not hold for it; null without any. */
export async function findCalibration(machine: Machine, nowMs: number): Promise<Found | null> {
  const own = parseCalibration(await readFile(calibrationFile(machine), 'utf8').catch(() => ''))
  const calibration = own ?? (await readAll())[0]?.calibration
  return calibration === undefined ? null : { calibration, stale: staleReason(calibration, machine, nowMs) }
}

/** The newest first; what cannot be read is left out. */
async function readAll(): Promise<{ readonly path: string; readonly calibration: Calibration }[]> {
  const names = await readdir(folder()).catch(() => [])
  const all = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const path = join(folder(), name)
        const calibration = parseCalibration(await readFile(path, 'utf8').catch(() => ''))
        return calibration === null ? [] : { path, calibration }
      }),
  )
  return all
    .flat()
    .sort((a, b) => Date.parse(b.calibration.measuredAt) - Date.parse(a.calibration.measuredAt))
}
