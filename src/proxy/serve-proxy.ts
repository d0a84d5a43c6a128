import type { Clock } from '../clock/clock.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import { createAlarmClock } from './alarm.ts'
import { type Link, openLink } from './link.ts'
import type { FromProxy, ProxyRequests, ToProxy } from './protocol.ts'
import { type Held, Way } from './way.ts'

/** Answers a supervisor's requests; `send` is the way back. */
export function serveProxy(clock: Clock, send: (message: FromProxy) => void): (message: ToProxy) => void {
  const alarms = createAlarmClock(clock)
  const held: Held = { bytes: 0 }
  const links = new Map<string, Link>()

  const handlers: {
    readonly [Name in keyof ProxyRequests]: (ask: ProxyRequests[Name]['ask']) => ProxyRequests[Name]['answer']
  } = {
    open({ target }) {
      const link = openLink({
        target: parseAddress(target),
        toBroker: new Way(clock, alarms, held),
        toClient: new Way(clock, alarms, held),
      })
      const address = `127.0.0.1:${link.port}`
      links.set(address, link)
      return { address }
    },
    change({ address, condition }) {
      const link = links.get(address)
      if (link === undefined) throw new AppError('CONTRACT', `expected a port of the proxy, got ${address}`)
      link.change(condition)
      return null
    },
    figures() {
      const connections = [...links.values()].reduce((sum, link) => sum + link.connections, 0)
      return { connections, heldBytes: held.bytes, rssBytes: process.memoryUsage.rss() }
    },
  }

  return ({ id, request, ask }) => {
    try {
      const handle = handlers[request] as (ask: unknown) => unknown
      send({ id, answer: handle(ask) })
    } catch (error) {
      send({ id, error: messageOf(error) })
    }
  }
}

function parseAddress(text: string): { host: string; port: number } {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:]+)):(\d{1,5})$/i.exec(text)
  if (found === null) throw new AppError('CONTRACT', `expected host:port, got ${text}`)
  return { host: found[1] ?? found[2]!, port: Number(found[3]) }
}
