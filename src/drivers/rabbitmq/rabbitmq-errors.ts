import { AppError, messageOf } from '../../errors/app-error.ts'

interface AmqpError {
  /** AMQP reply code, or a system error name such as ECONNREFUSED. */
  readonly code?: number | string
}

function codeOf(thrown: unknown): number | string | undefined {
  return (thrown as AmqpError | null)?.code
}

/** The broker's own words without amqplib's wrapping: `ACCESS_REFUSED - access to exchange 'x' …`. */
function brokerWords(thrown: unknown): string {
  const message = messageOf(thrown)
  return /with message "(.*)"$/s.exec(message)?.[1] ?? message
}

/** Why no connection came about, naming the server. */
export function connectError(server: string, username: string, vhost: string, thrown: unknown): AppError {
  const words = brokerWords(thrown)
  const fail = (message: string, hint: string) => new AppError('PREPARE', message, { hint, cause: thrown })
  if (/ACCESS_REFUSED/.test(words) || codeOf(thrown) === 403) {
    return fail(
      `expected RabbitMQ at ${server} to let user '${username}' in, got 403 ${words}`,
      'check username and password (or passwordEnv) in the driver file',
    )
  }
  if (/NOT_ALLOWED/.test(words)) {
    return fail(
      `expected virtual host '${vhost}' at ${server} to be open to user '${username}', got ${words}`,
      'check vhost in the driver file, and the permissions of the user',
    )
  }
  const system = codeOf(thrown)
  if (system === 'ECONNREFUSED' || system === 'ETIMEDOUT' || /ETIMEDOUT/.test(words)) {
    return fail(
      `expected RabbitMQ to answer at ${server}, got ${system ?? words}`,
      'check that the broker is up and that servers in the driver file name its AMQP port',
    )
  }
  return fail(
    `expected an AMQP connection to ${server}, got ${words}`,
    'check servers and tls in the driver file',
  )
}

/** A refused declaration or subscription: what was asked for, and the broker's words, which name the resource. */
export function requestError(what: string, username: string, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const words = brokerWords(thrown)
  if (codeOf(thrown) === 403 || /ACCESS_REFUSED/.test(words)) {
    return new AppError('PREPARE', `expected user '${username}' to be allowed to ${what}, got 403 ${words}`, {
      hint: 'grant the user configure, write and read permissions on these names (rabbitmqctl set_permissions)',
      cause: thrown,
    })
  }
  return new AppError('PREPARE', `expected RabbitMQ to ${what}, got ${words}`, { cause: thrown })
}

/** A short stable kind for counting, of a channel or connection that ended in mid-run. */
export function failureKind(thrown: unknown): string {
  const words = messageOf(thrown)
  if (/PRECONDITION_FAILED.*message size|larger than (the )?(configured )?max/i.test(words))
    return 'message too large'
  if (/Heartbeat timeout/i.test(words)) return 'heartbeat timeout'
  switch (codeOf(thrown)) {
    case 320:
      return 'connection closed by the broker'
    case 403:
      return 'access refused'
    case 404:
      return 'queue or exchange not found'
    case 405:
      return 'resource locked'
    case 406:
      return 'precondition failed'
    default:
      return 'connection lost'
  }
}
