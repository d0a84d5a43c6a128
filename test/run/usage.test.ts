// Goal: what a trial took is measured truly, or said to be unknown. Method: the wire meter against scripted counters; the
// kernel's counters, the disk and a whole meter against a real process that sends and writes known amounts.
import { afterAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskSpace } from '../../src/run/usage/disk-space.ts'
import { createUsageMeter } from '../../src/run/usage/meter.ts'
import { type TcpCounters, tcpCounterReader } from '../../src/run/usage/tcp-counters.ts'
import { createWireMeter } from '../../src/run/usage/wire-meter.ts'
import { skipLoudly } from '../support/skip.ts'

const KB = 1024
const directory = await mkdtemp(join(tmpdir(), 'bench-usage-'))
afterAll(() => rm(directory, { recursive: true }))

/** Counters by inode: [sent, received]. */
const counters = (sockets: Record<number, [number, number]>): TcpCounters =>
  new Map(
    Object.entries(sockets).map(([inode, [sentBytes, receivedBytes]]) => [
      Number(inode),
      { sentBytes, receivedBytes },
    ]),
  )

test('the difference of the sockets of these processes, and of no others', () => {
  const meter = createWireMeter([1, 2], (pid) => [pid * 10])
  meter.sample(counters({ 10: [100, 5], 20: [0, 7], 30: [9, 9] }))
  meter.sample(counters({ 10: [150, 5], 20: [1, 17], 30: [99, 99] }))
  expect(meter.result()).toEqual({ sentBytes: 51, receivedBytes: 10, atLeast: false })
})

test('a socket that is opened meanwhile counts from its begin; one that ends makes a lower bound', () => {
  const held: number[] = [10]
  const meter = createWireMeter([1], () => held)
  meter.sample(counters({ 10: [100, 0] }))
  held.push(11)
  meter.sample(counters({ 10: [110, 0], 11: [40, 2] }))
  expect(meter.result()).toEqual({ sentBytes: 50, receivedBytes: 2, atLeast: false })
  meter.sample(counters({ 11: [60, 2] }))
  expect(meter.result()).toEqual({ sentBytes: 70, receivedBytes: 2, atLeast: true })
})

test('owners are looked up only when there are sockets not seen before', () => {
  let looks = 0
  const meter = createWireMeter([1], () => {
    looks++
    return [10]
  })
  for (let i = 0; i < 5; i++) meter.sample(counters({ 10: [i, 0], 77: [0, 0] }))
  expect(looks).toBe(1)
  meter.sample(counters({ 10: [9, 0], 78: [0, 0] }))
  expect(looks).toBe(2)
})

test('what cannot be read is not known', () => {
  const one = counters({ 10: [1, 1] })
  const unreadable = createWireMeter([1], () => null)
  const refused = createWireMeter([1], () => [10])
  refused.sample(one)
  refused.sample(null)
  const once = createWireMeter([1], () => [10])
  once.sample(one)
  const nobody = createWireMeter([], () => [10])
  for (let i = 0; i < 2; i++) for (const meter of [unreadable, refused, nobody]) meter.sample(one)
  for (const meter of [unreadable, refused, once, nobody]) expect(meter.result()).toBeNull()
})

test('a folder takes the blocks that its files were given: holes are nothing, folders below count', async () => {
  const folder = join(directory, 'space')
  await mkdir(join(folder, 'below'), { recursive: true })
  const empty = (await diskSpace([folder]))!
  await writeFile(join(folder, 'a'), randomBytes(256 * KB))
  await writeFile(join(folder, 'below', 'b'), randomBytes(256 * KB))
  await writeFile(join(folder, 'hole'), '')
  await truncate(join(folder, 'hole'), 64 * KB * KB)
  const grown = (await diskSpace([folder]))! - empty
  expect(grown).toBeGreaterThanOrEqual(512 * KB)
  expect(grown).toBeLessThan(1024 * KB)
  expect(await diskSpace([join(directory, 'absent')])).toBeNull()
})

const SENT = 300 * KB
const WRITTEN = 512 * KB
/** Connects, says so, then sends and writes at a word, and says that it is done. */
const CHILD = `
  const socket = await Bun.connect({ hostname: '127.0.0.1', port: Number(process.argv[1]), socket: { data() {
    Bun.write(process.argv[2], require('node:crypto').randomBytes(${WRITTEN})).then(() => console.log('written'))
    let left = Buffer.alloc(${SENT}, 2)
    const send = () => { left = left.subarray(socket.write(left)); if (left.length > 0) setTimeout(send, 1) }
    send()
  }, drain() {} } })
  console.log('ready')
  setInterval(() => {}, 1000)
`

const isUntold =
  tcpCounterReader()?.() == null && skipLoudly('what a process took: this system does not tell its sockets')

test.skipIf(isUntold)(
  'a process is measured from outside: bytes to the byte, the disk, CPU and memory',
  async () => {
    const data = join(directory, 'data')
    await mkdir(data)
    let received = 0
    const all = Promise.withResolvers<void>()
    const peer = Promise.withResolvers<{ write(text: string): unknown }>()
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => peer.resolve(socket),
        data(_socket, bytes) {
          received += bytes.length
          if (received === SENT) all.resolve()
        },
      },
    })
    const child = Bun.spawn([process.execPath, '-e', CHILD, String(server.port), join(data, 'file')], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const words = child.stdout.pipeThrough(new TextDecoderStream() as never).getReader() as {
      read(): Promise<{ value?: string }>
    }
    const meter = createUsageMeter({ serverPids: () => [child.pid], dataFolders: [data] })
    try {
      expect((await words.read()).value).toContain('ready')
      const socket = await peer.promise
      meter.onMeasure('begin', [process.pid])
      socket.write('go')
      await all.promise
      expect((await words.read()).value).toContain('written')
      // The disk takes what is written when it likes; its blocks are given by then.
      await Bun.spawn(['sync', join(data, 'file')]).exited
      meter.onMeasure('end', [process.pid])
      const { server: usage, clientWire } = await meter.result()
      expect(usage!.wire).toEqual({ sentBytes: SENT, receivedBytes: 2, atLeast: false })
      // This process may have other connections, of other tests.
      expect(clientWire!.receivedBytes).toBeGreaterThanOrEqual(SENT)
      expect(usage!.maxRssBytes).toBeGreaterThan(5_000_000)
      expect(usage!.cpuS).toBeGreaterThanOrEqual(0)
      expect(usage!.diskGrowthBytes).toBeGreaterThanOrEqual(WRITTEN)
      // Of a folder in memory nothing goes to a disk.
      expect([0, WRITTEN]).toContain(Math.min(WRITTEN, usage!.diskWrittenBytes!))
    } finally {
      meter.stop()
      child.kill('SIGKILL')
      await child.exited
      server.stop(true)
    }
    const gone = createUsageMeter({ serverPids: () => [child.pid], dataFolders: null })
    gone.onMeasure('begin', [child.pid])
    gone.onMeasure('end', [child.pid])
    expect(await gone.result()).toEqual({ server: null, clientWire: null })
  },
)

test('without a local broker, a measure, or the same processes at its end nothing is known of it', async () => {
  const given = createUsageMeter({ serverPids: () => [], dataFolders: null })
  given.onMeasure('begin', [process.pid])
  given.onMeasure('end', [process.pid])
  expect((await given.result()).server).toBeNull()
  const never = createUsageMeter({ serverPids: () => [process.pid], dataFolders: null })
  expect(await never.result()).toEqual({ server: null, clientWire: null })
  let pid = process.pid
  const restarted = createUsageMeter({ serverPids: () => [pid], dataFolders: null })
  restarted.onMeasure('begin', [])
  pid = process.ppid
  restarted.onMeasure('end', [])
  expect((await restarted.result()).server).toBeNull()
})
