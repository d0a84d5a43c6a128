import { AppError } from '../../errors/app-error.ts'
import { tail } from '../process/index.ts'
import type { BrokerPlan } from './rabbitmq-files.ts'

/** A port that another program holds, said plainly; RabbitMQ itself says `eaddrinuse` in a long report. */
export function portTaken(error: unknown, broker: BrokerPlan): AppError | null {
  if (!(error instanceof AppError) || !/eaddrinuse|address already in use/i.test(error.message)) return null
  const wanted = broker.nodes.map((node) => node.amqpPort).join(', ')
  return new AppError(
    'PREPARE',
    `expected ports ${wanted} on 127.0.0.1 to be free for RabbitMQ, but one is taken\n${error.message}`,
    { hint: 'start again (bench picks free ports), or end the program that holds the port', cause: error },
  )
}

const LOG_LINES = 2_000
const QUOTED_ERRORS = 6

/** A start that failed, with the log's first errors: its last lines are the remains of Erlang's report. */
export function withFirstErrors(error: unknown, broker: BrokerPlan): unknown {
  if (!(error instanceof AppError) || error.code !== 'PREPARE') return error
  const found = broker.nodes.flatMap(({ logFile }) =>
    Bun.stripANSI(tail(logFile, LOG_LINES))
      .split('\n')
      .map((line) => /\[error\] <[\d.]+> (.*\S)/.exec(line)?.[1])
      .filter((text) => text !== undefined)
      .slice(0, QUOTED_ERRORS),
  )
  if (found.length === 0) return error
  const { message, hint, cause } = error
  return new AppError('PREPARE', `${message}\nRabbitMQ's first errors:\n${found.join('\n')}`, {
    ...(hint !== undefined && { hint }),
    cause,
  })
}
