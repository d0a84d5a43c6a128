import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheDirectory, mustRun } from '../../src/brokers/provision/index.ts'

const FETCH_LIMIT_MS = 120_000
const ABBREVIATED = 'application/vnd.npm.install-v1+json'

/** A registry of npm on loopback, for instances that reach nothing else. */
export interface NpmMirror {
  readonly port: number
  stop(): Promise<void>
}

/**
 * Passes on what npm and Bun ask for to this machine's own registry, and keeps archives in the cache. `base` is the
 * address at which instances find it, for the addresses of archives in what the registry answers.
 */
export async function startNpmMirror(
  base: (port: number) => string,
  signal: AbortSignal,
): Promise<NpmMirror> {
  const upstream = await registry(signal)
  const kept = join(cacheDirectory(), 'npm-mirror')
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 120,
    fetch: async (request): Promise<Response> => {
      const { pathname } = new URL(request.url)
      if (request.method !== 'GET') return new Response('', { status: 404 })
      if (pathname.endsWith('.tgz')) return archive(upstream, pathname, kept)
      return metadata(upstream, pathname, base(server.port!))
    },
  })
  return { port: server.port!, stop: () => server.stop(true) }
}

async function registry(signal: AbortSignal): Promise<string> {
  const args = ['config', 'get', 'registry', '--loglevel=error']
  const what = 'the address of the registry'
  const { stdout } = await mustRun(
    { command: 'npm', args, limitMs: 30_000, what, hint: 'install npm' },
    signal,
  )
  return stdout.trim().replace(/\/$/, '')
}

async function archive(upstream: string, path: string, kept: string): Promise<Response> {
  const file = join(kept, decodeURIComponent(path))
  if (!file.startsWith(`${kept}/`)) return new Response('', { status: 400 })
  if (!existsSync(file)) {
    const answer = await fetch(upstream + path, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) })
    if (!answer.ok) return new Response('', { status: answer.status })
    await mkdir(dirname(file), { recursive: true })
    const part = `${file}.${randomUUID()}`
    await Bun.write(part, await answer.arrayBuffer())
    await rename(part, file)
  }
  return new Response(Bun.file(file))
}

async function metadata(upstream: string, path: string, base: string): Promise<Response> {
  const headers = { accept: ABBREVIATED }
  const answer = await fetch(upstream + path, { headers, signal: AbortSignal.timeout(FETCH_LIMIT_MS) })
  const text = (await answer.text()).replaceAll(upstream, base)
  return new Response(text, { status: answer.status, headers: { 'content-type': ABBREVIATED } })
}
