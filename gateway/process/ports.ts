import { AppError } from '../../src/errors/app-error.ts'

/** @throws AppError('PREPARE') for a port that somebody else listens on. 0 (any free one) is always fine. */
export async function requireFreePorts(hostname: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (port === 0) continue
    try {
      Bun.listen({ hostname, port, exclusive: true, socket: { data() {} } }).stop(true)
    } catch (cause) {
      throw portError(hostname, port, cause)
    }
  }
}

export function portError(hostname: string, port: number, cause: unknown): AppError {
  return new AppError(
    'PREPARE',
    `expected to listen on ${hostname}:${port}, got: ${(cause as Error).message}`,
    {
      hint: `see who listens there: ss -ltnp 'sport = :${port}'; or choose another port`,
      cause,
    },
  )
}
