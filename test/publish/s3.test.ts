// Goal: what can go wrong between us and S3 is told in words, with the exit code of the house, after a bounded number of
// tries; Ctrl-C ends a publication that hangs. Method: a server on loopback that answers as S3 does when it refuses; the
// SDK is the real one.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../src/brokers/process/index.ts'
import { publish } from '../../src/publish/publish.ts'
import { dailyExperiment, each } from './experiments.ts'

setDefaultTimeout(60_000)

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'secret-of-the-test' }
const SETTINGS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
] as const
const before = Object.fromEntries(SETTINGS.map((name) => [name, process.env[name]]))
const home = mkdtempSync(join(tmpdir(), 'bench-s3-'))

function setEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  for (const name of SETTINGS) {
    if (values[name] === undefined) delete process.env[name]
    else process.env[name] = values[name]
  }
}

/** Nothing of the machine's own settings. */
const alone = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
  AWS_CONFIG_FILE: join(home, 'config'),
}
beforeAll(() => setEnvironment({ ...alone, ...CREDENTIALS }))
afterAll(() => {
  setEnvironment(before)
  rmSync(home, { recursive: true, force: true })
})

type Answer = (request: Request) => Response | Promise<Response>

async function withServer<T>(answer: Answer, work: (endpoint: string) => Promise<T>): Promise<T> {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer })
  try {
    return await work(`http://127.0.0.1:${server.port}`)
  } finally {
    await server.stop(true)
  }
}

function send(endpoint: string, signal = new AbortController().signal): Promise<unknown> {
  const options = {
    to: 's3://bucket/prefix',
    site: false,
    endpoint,
    region: undefined,
    home,
    environment: process.env,
  }
  return publish(each(dailyExperiment(0)), options, () => {}, signal).then(
    () => null,
    (error: unknown) => error,
  )
}

const refusal = (code: string, status: number) =>
  new Response(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>No: ${code}</Message></Error>`,
    {
      status,
      headers: { 'content-type': 'application/xml' },
    },
  )

test.each([
  ['NoSuchBucket', 404, 'CONFIG', 'expected a bucket bucket at http'],
  ['AccessDenied', 403, 'CONFIG', 'refused (AccessDenied)'],
  ['InvalidAccessKeyId', 403, 'CONFIG', 'refused (InvalidAccessKeyId)'],
  ['SignatureDoesNotMatch', 403, 'CONFIG', 'refused (SignatureDoesNotMatch)'],
  ['ExpiredToken', 400, 'CONFIG', 'refused (ExpiredToken)'],
  ['AuthorizationHeaderMalformed', 400, 'CONFIG', 'lies in another region'],
  ['InternalError', 500, 'STORAGE', 'InternalError: No: InternalError (HTTP 500)'],
] as const)('%s (%i): %s, %s', async (code, status, expected, words) => {
  let requests = 0
  const error = await withServer(
    () => {
      requests++
      return refusal(code, status)
    },
    (endpoint) => send(endpoint),
  )
  expect(error).toMatchObject({
    code: expected,
    message: expect.stringContaining(words),
    hint: expect.any(String),
  })
  expect(requests).toBe(status === 500 ? 4 : 1)
})

test('nobody there', async () => {
  const [port] = (await freePorts(1)) as [number]
  expect(await send(`http://127.0.0.1:${port}`)).toMatchObject({
    code: 'STORAGE',
    hint: expect.stringContaining(`nobody answers at http://127.0.0.1:${port}`),
  })
})

test('no credentials', async () => {
  setEnvironment(alone)
  try {
    const error = await withServer(
      () => refusal('AccessDenied', 403),
      (endpoint) => send(endpoint),
    )
    expect(error).toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('expected AWS credentials, found none'),
    })
  } finally {
    setEnvironment({ ...alone, ...CREDENTIALS })
  }
})

test('an endpoint with a password in it is refused, and not repeated', async () => {
  const error = await send('http://user:hunter2hunter2@127.0.0.1:1')
  expect(error).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('without user and password'),
  })
  expect(`${(error as Error).message}${(error as { hint: string }).hint}`).not.toContain('hunter2')
})

test('Ctrl-C ends a publication that hangs', async () => {
  const controller = new AbortController()
  const reason = new Error('interrupted by SIGINT')
  const error = await withServer(
    () => {
      controller.abort(reason)
      return new Promise<Response>(() => {})
    },
    (endpoint) => send(endpoint, controller.signal),
  )
  expect(error).toBe(reason)
})
