import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/errors/app-error.ts'
import type { LoadSummary } from './acceptance.ts'

export interface HeyOptions {
  readonly url: URL
  readonly body: Uint8Array
  readonly rateHz: number
  readonly connections: number
  readonly durationMs: number
  readonly stop: AbortSignal
}

const MARGIN_MS = 30_000

/**
 * The same load by `hey`, a load generator of its own. Its workers tick together, so that requests come in bursts: good
 * for comparing, not for the tail of latency.
 *
 * @throws AppError('PREPARE') when it is not there or fails.
 */
export async function runHey(options: HeyOptions): Promise<LoadSummary> {
  const program = Bun.which('hey')
  if (program === null)
    throw new AppError('PREPARE', 'expected hey on the PATH, it is not there', {
      hint: 'go install github.com/rakyll/hey@latest; or leave --engine away',
    })
  const seconds = Math.ceil(options.durationMs / 1000)
  const folder = await mkdtemp(join(tmpdir(), 'bench-hey-'))
  try {
    const payload = join(folder, 'payload.bin')
    await writeFile(payload, options.body)
    const paced = [
      '-z',
      `${seconds}s`,
      '-c',
      `${options.connections}`,
      '-q',
      `${options.rateHz / options.connections}`,
    ]
    const request = ['-m', 'POST', '-T', 'application/x-protobuf', '-D', payload, options.url.href]
    const child = Bun.spawn([program, ...paced, ...request], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.durationMs + MARGIN_MS,
      signal: options.stop,
    })
    const [text, errors] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (child.exitCode !== 0 && !options.stop.aborted)
      throw new AppError(
        'PREPARE',
        `expected hey to succeed, it ended with ${child.exitCode}: ${errors.trim()}`,
      )
    // Each of its workers waits one interval before its first request.
    return parseHey(text, Math.max(0, options.rateHz * seconds - options.connections))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Reads what hey prints. Some versions double the percent sign of their percentiles. */
export function parseHey(text: string, scheduled: number): LoadSummary {
  const failures: Record<string, number> = {}
  let accepted = 0
  for (const [, status, count] of text.matchAll(/^\s*\[(\d{3})\]\s+(\d+) responses/gm)) {
    if (status === '200') accepted += Number(count)
    else failures[`HTTP ${status}`] = Number(count)
  }
  const errors = text.slice(Math.max(0, text.indexOf('Error distribution:')))
  if (text.includes('Error distribution:')) {
    for (const [, count] of errors.matchAll(/^\s*\[(\d+)\]\s+\S/gm))
      failures['no answer'] = (failures['no answer'] ?? 0) + Number(count)
  }
  const percentile = (p: number): number | null => {
    const match = new RegExp(`^\\s*${p}%+ in ([\\d.]+) secs`, 'm').exec(text)
    return match === null ? null : Number(match[1]) * 1000
  }
  return { scheduled, accepted, failures, clientP50Ms: percentile(50), clientP99Ms: percentile(99) }
}
