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
  /** PNG of a part of the page as it is laid out, in CSS pixels; default: all of it. */
  screenshot(part?: { x: number; y: number; width: number; height: number }): Promise<Buffer>
  /** The page on A4, with an outline of its headings. */
  pdf(): Promise<Buffer>
  /** Presses a key where the focus is, e.g. `Tab` or `ArrowRight`; `' '` is the space bar. */
  press(key: string): Promise<void>
  /** Files that the page saves go into the folder. */
  downloadTo(folder: string): Promise<void>
  /** `media` is what style sheets are told; default: a screen. */
  setViewport(width: number, height: number, scheme: 'light' | 'dark', media?: 'print'): Promise<void>
  /** Errors and exceptions on the console so far. */
  readonly errors: readonly string[]
  /** Addresses asked for so far. */
  readonly requests: readonly string[]
}

const END_LIMIT_MS = 5000
const START_LIMIT_MS = 60_000
const COMMAND_LIMIT_MS = 60_000
const POLL_MS = 20
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--remote-debugging-port=0',
]

/** A browser whose network is this machine; its pages share one process, which takes seconds to start. */
export interface Browser {
  /** Opens the address in a page of its own, calls `look`, and closes the page whatever happens. */
  look<T>(address: string, look: (page: Page) => Promise<T>): Promise<T>
  /** Ends it and removes its profile. */
  close(): Promise<void>
}

export async function startBrowser(chromium: Chromium): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'bench-browser-'))
  const child = Bun.spawn([chromium.program, ...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    env: { ...chromium.environment, HOME: profile, TMPDIR: profile },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const end = async () => {
    // Asked first: killed at once, its own children would outlive it and write on.
    child.kill('SIGTERM')
    await Promise.race([child.exited, Bun.sleep(END_LIMIT_MS)])
    child.kill('SIGKILL')
    await child.exited
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    const connection = await connect(await debuggerAddress(profile, child))
    return {
      look: async (address, look) => {
        const { page, close } = await openPage(connection, address)
        try {
          return await look(page)
        } finally {
          await close()
        }
      },
      close: async () => {
        connection.close()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** A browser for one page. */
export async function withPage<T>(
  chromium: Chromium,
  address: string,
  look: (page: Page) => Promise<T>,
): Promise<T> {
  const browser = await startBrowser(chromium)
  try {
    return await browser.look(address, look)
  } finally {
    await browser.close()
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
  /** Of each session, who hears its events. */
  readonly listeners: Map<string, (method: string, parameters: Record<string, unknown>) => void>
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
    listeners: new Map(),
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
    if (message.id === undefined) {
      connection.listeners.get(message.sessionId)?.(message.method, message.params)
      return
    }
    const entry = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) entry?.resolve(message.result)
    else entry?.reject(new Error(message.error.message))
  }
  return connection
}

const OFFLINE = { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 }
const A4_INCHES = { paperWidth: 8.27, paperHeight: 11.69 }
/** Virtual key codes of keys that have no text; a browser acts on these. */
const KEY_CODES: Readonly<Record<string, number>> = {
  ...{ Tab: 9, Enter: 13, ' ': 32, End: 35, Home: 36 },
  ...{ ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 },
}

async function openPage(
  connection: Connection,
  address: string,
): Promise<{ page: Page; close: () => Promise<void> }> {
  const errors: string[] = []
  const requests: string[] = []
  const loaded = Promise.withResolvers<void>()
  const listen = (method: string, parameters: Record<string, unknown>) => {
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
  connection.listeners.set(sessionId, listen)
  const send = <T>(method: string, parameters: object = {}) =>
    connection.send<T>(method, parameters, sessionId)
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`)
  // A page that is served needs its server; names are not resolved in any.
  if (address.startsWith('file:')) await send('Network.emulateNetworkConditions', OFFLINE)
  await send('Page.navigate', { url: address })
  await loaded.promise
  const page: Page = {
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
    screenshot: async (part) => {
      const { data } = await send<{ data: string }>('Page.captureScreenshot', {
        captureBeyondViewport: true,
        ...(part === undefined ? {} : { clip: { ...part, scale: 1 } }),
      })
      return Buffer.from(data, 'base64')
    },
    pdf: async () => {
      const { data } = await send<{ data: string }>('Page.printToPDF', {
        ...A4_INCHES,
        preferCSSPageSize: true,
        printBackground: true,
        generateDocumentOutline: true,
        generateTaggedPDF: true,
      })
      return Buffer.from(data, 'base64')
    },
    press: async (key) => {
      const windowsVirtualKeyCode = KEY_CODES[key] ?? key.toUpperCase().charCodeAt(0)
      const text = key === 'Enter' ? '\r' : key.length === 1 ? key : undefined
      const event = { key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode }
      await send('Input.dispatchKeyEvent', {
        ...event,
        type: text === undefined ? 'rawKeyDown' : 'keyDown',
        ...(text === undefined ? {} : { text }),
      })
      await send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' })
    },
    downloadTo: async (downloadPath) => {
      await connection.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath })
    },
    setViewport: async (width, height, scheme, media) => {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
      await send('Emulation.setEmulatedMedia', {
        media: media ?? '',
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      })
    },
  }
  const close = async () => {
    connection.listeners.delete(sessionId)
    await connection.send('Target.closeTarget', { targetId })
  }
  return { page, close }
}
