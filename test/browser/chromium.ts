import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianPackages } from '../../src/brokers/provision/index.ts'
import { messageOf } from '../../src/errors/app-error.ts'

/** A browser program and what it needs to run. */
export interface Chromium {
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * Chromium: the installed one, else Debian's package unpacked into the cache (nothing is installed). Returns the reason
 * where neither can be had.
 */
export async function findChromium(signal: AbortSignal): Promise<Chromium | string> {
  for (const name of INSTALLED) {
    const program = Bun.which(name)
    if (program !== null) return { program, environment: process.env }
  }
  try {
    const { root, libraryPath } = await debianPackages(['chromium', 'fonts-dejavu-core'], () => {}, signal)
    const program = join(root, 'usr/lib/chromium/chromium')
    if (!existsSync(program)) return `expected ${program} after unpacking, it is not there`
    const audio = libraryPath.split(':').map((folder) => join(folder, 'pulseaudio'))
    const libraries = [libraryPath, ...audio].join(':')
    return { program, environment: { ...process.env, LD_LIBRARY_PATH: libraries } }
  } catch (error) {
    return messageOf(error)
  }
}

/** What a page did while it was looked at. */
export interface Page {
  /** The value of an expression in the page, as JSON. */
  evaluate<T>(expression: string): Promise<T>
  /** PNG of the whole page as it is laid out. */
  screenshot(): Promise<Buffer>
  setViewport(width: number, height: number, scheme: 'light' | 'dark'): Promise<void>
  /** Errors and exceptions on the console so far. */
  readonly errors: readonly string[]
  /** Addresses asked for so far. */
  readonly requests: readonly string[]
}

const START_LIMIT_MS = 20_000
const COMMAND_LIMIT_MS = 20_000
const POLL_MS = 20

/** Opens the address in a headless browser whose network is this machine, calls `look`, and ends it whatever happens. */
export async function withPage<T>(
  chromium: Chromium,
  address: string,
  look: (page: Page) => Promise<T>,
): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'bench-browser-'))
  const child = Bun.spawn(
    [
      chromium.program,
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { env: { ...chromium.environment, HOME: profile }, stdout: 'ignore', stderr: 'ignore' },
  )
  try {
    const connection = await connect(await debuggerAddress(profile, child))
    try {
      return await look(await openPage(connection, address))
    } finally {
      connection.close()
    }
  } finally {
    child.kill('SIGKILL')
    await child.exited
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function debuggerAddress(profile: string, child: Bun.Subprocess): Promise<string> {
  const file = join(profile, 'DevToolsActivePort')
  for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += POLL_MS) {
    const [port, path] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    if (port && path) return `ws://127.0.0.1:${port}${path.trim()}`
    if (child.exitCode !== null) throw new Error(`the browser ended with code ${child.exitCode}`)
    await Bun.sleep(POLL_MS)
  }
  throw new Error(`the browser did not open its debugger within ${START_LIMIT_MS} ms`)
}

interface Connection {
  send<T>(method: string, parameters?: object, sessionId?: string): Promise<T>
  onEvent: (method: string, parameters: Record<string, unknown>) => void
  close(): void
}

async function connect(address: string): Promise<Connection> {
  const socket = new WebSocket(address)
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error(`cannot reach the browser at ${address}`))
  })
  let lastId = 0
  const connection: Connection = {
    onEvent: () => {},
    close: () => socket.close(),
    send: <T>(method: string, params: object = {}, sessionId?: string) => {
      const id = ++lastId
      const answer = new Promise<unknown>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${method} took too long`)), COMMAND_LIMIT_MS)
        const settle = (action: () => void) => {
          clearTimeout(timer)
          action()
        }
        waiting.set(id, {
          resolve: (value) => settle(() => resolve(value)),
          reject: (error) => settle(() => reject(error)),
        })
      })
      socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
      return answer as Promise<T>
    },
  }
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data))
    if (message.id === undefined) return connection.onEvent(message.method, message.params)
    const entry = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) entry?.resolve(message.result)
    else entry?.reject(new Error(message.error.message))
  }
  return connection
}

async function openPage(connection: Connection, address: string): Promise<Page> {
  const errors: string[] = []
  const requests: string[] = []
  const loaded = Promise.withResolvers<void>()
  connection.onEvent = (method, parameters) => {
    if (method === 'Page.loadEventFired') loaded.resolve()
    if (method === 'Network.requestWillBeSent') requests.push((parameters.request as { url: string }).url)
    if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(parameters.exceptionDetails))
    if (method === 'Runtime.consoleAPICalled' && parameters.type === 'error') {
      errors.push(JSON.stringify(parameters.args))
    }
    const entry = parameters.entry as { level: string; text: string } | undefined
    if (method === 'Log.entryAdded' && entry?.level === 'error') errors.push(entry.text)
  }
  const { targetId } = await connection.send<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
  })
  const { sessionId } = await connection.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  })
  const send = <T>(method: string, parameters: object = {}) =>
    connection.send<T>(method, parameters, sessionId)
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`)
  await send('Page.navigate', { url: address })
  await loaded.promise
  return {
    errors,
    requests,
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = await send<{ result: { value: T }; exceptionDetails?: object }>(
        'Runtime.evaluate',
        { expression, returnByValue: true, awaitPromise: true },
      )
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
      return result.value
    },
    screenshot: async () => {
      const { data } = await send<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(data, 'base64')
    },
    setViewport: async (width, height, scheme) => {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      })
    },
  }
}
