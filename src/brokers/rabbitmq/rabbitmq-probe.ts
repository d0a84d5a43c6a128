import { connect } from 'amqplib'

const SOCKET_TIMEOUT_MS = 3_000

/** What a server says of itself. */
export interface ProbeAnswer {
  readonly version: string
  /** e.g. `Erlang/OTP 25.2.3`. */
  readonly platform: string
}

/** Publishes a persistent message to a queue of its own, waits for the confirm, reads it back. Throws what fails. */
export async function probeRabbitmq(port: number): Promise<ProbeAnswer> {
  const connection = await connect(
    { protocol: 'amqp', hostname: '127.0.0.1', port, username: 'guest', password: 'guest', heartbeat: 0 },
    { timeout: SOCKET_TIMEOUT_MS },
  )
  connection.on('error', () => undefined)
  try {
    const channel = await connection.createConfirmChannel()
    channel.on('error', () => undefined)
    const { queue } = await channel.assertQueue('', { exclusive: true })
    const sent = `probe ${queue}`
    channel.sendToQueue(queue, Buffer.from(sent), { persistent: true })
    await channel.waitForConfirms()
    const got = await channel.get(queue, { noAck: true })
    if (got === false || got.content.toString() !== sent) throw new Error('the message did not come back')
    const { version = 'unknown', platform = 'unknown' } = connection.connection.serverProperties
    return { version, platform }
  } finally {
    await connection.close().catch(() => undefined)
  }
}
