// Goal: `bench publish s3://…` leaves in the bucket what it leaves in a folder, with types that browsers show, changes
// nothing the second time, touches nothing of others, and several at once lose nothing.
// Method: the command line against moto's S3 in a process of its own; every object is read back.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { writeResult } from '../../../src/result/store.ts'
import { type AwsTools, awsTools } from '../../aws/double/moto.ts'
import { dailyExperiment } from '../../publish/experiments.ts'
import { benchHome } from '../../support/bench.ts'
import { motoAlone } from '../../support/moto.ts'
import { skipLoudly } from '../../support/skip.ts'

setDefaultTimeout(120_000)

const BUCKET = 'bench-results'
const tools = await awsTools(console.error)
const isSkipped = typeof tools === 'string' && skipLoudly(`publishing to S3: ${tools}`)
const inS3 = test.skipIf(isSkipped)

const home = benchHome()
const experiments = Array.from({ length: 5 }, (_, n) => dailyExperiment(n))
let moto: Awaited<ReturnType<typeof motoAlone>>
let client: S3Client
let environment: Record<string, string | undefined> = {}

beforeAll(async () => {
  if (isSkipped) return
  moto = await motoAlone(tools as AwsTools)
  environment = {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: undefined,
  }
  client = new S3Client({
    endpoint: moto.endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const
  await client.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }))
  for (const experiment of experiments) await writeResult(experiment, home.path)
})
afterAll(async () => {
  client?.destroy()
  await moto?.stop()
  home.remove()
})

async function objects(prefix: string) {
  const found = new Map<
    string,
    { text: string; type: string | undefined; cache: string | undefined; at: string }
  >()
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }))
  for (const { Key, LastModified } of Contents ?? []) {
    const { Body, ContentType, CacheControl } = await client.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: Key! }),
    )
    const text = await Body!.transformToString()
    found.set(Key!.slice(prefix.length), {
      text,
      type: ContentType,
      cache: CacheControl,
      at: String(LastModified?.getTime()),
    })
  }
  return found
}

inS3(
  'the same as in a folder, with media types; again nothing is written; what is not ours stays',
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'bench-s3-'))
    try {
      const foreign = { Bucket: BUCKET, Key: 'site/exp-20260101-060000/mine.txt', Body: 'mine' }
      await client.send(new PutObjectCommand(foreign))
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/index.html', Body: 'mine' }))
      const ids = [experiments[0]!.id, experiments[1]!.id]
      const first = await home.run(['publish', ...ids, '--to', `s3://${BUCKET}/site/`, '--site'], {
        env: environment,
      })
      expect(first).toMatchObject({ exitCode: 0 })
      expect((await home.run(['publish', ...ids, '--to', place, '--site'])).exitCode).toBe(0)
      const stored = await objects('site/')
      const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
      const inFolder = files
        .map(({ parentPath, name }) => join(parentPath, name).slice(place.length + 1))
        .sort()
      expect([...stored.keys()].filter((key) => !key.endsWith('mine.txt')).sort()).toEqual(inFolder)
      for (const name of inFolder)
        expect([name, stored.get(name)!.text === readFileSync(join(place, name), 'utf8')]).toEqual([
          name,
          true,
        ])
      expect(stored.get('index.html')).toMatchObject({ type: 'text/html; charset=utf-8', cache: 'no-cache' })
      expect(stored.get(`${ids[0]}/metrics.csv`)).toMatchObject({
        type: 'text/csv; charset=utf-8',
        cache: 'no-cache',
      })
      expect(stored.get(`${ids[0]}/raw_data/result.json`)).toMatchObject({
        type: 'application/json',
        cache: 'public, max-age=3600',
      })

      const again = await home.run(['publish', ...ids, '--to', `s3://${BUCKET}/site`, '--site', '--json'], {
        env: environment,
      })
      expect(again.exitCode).toBe(0)
      const told = JSON.parse(again.stdout)
      expect(told.experiments.map(({ written }: { written: string[] }) => written)).toEqual([[], []])
      expect(told.site.written).toEqual([])
      expect(await objects('site/')).toEqual(stored)
      expect([...(await objects('other/'))].map(([key, { text }]) => [key, text])).toEqual([
        ['index.html', 'mine'],
      ])
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  },
)

inS3('several at once: the site tells of all', async () => {
  const runs = experiments
    .slice(2)
    .map(({ id }) => home.run(['publish', id, '--to', `s3://${BUCKET}/busy`, '--site'], { env: environment }))
  for (const { exitCode } of await Promise.all(runs)) expect(exitCode).toBe(0)
  const stored = await objects('busy/')
  for (const { id } of experiments.slice(2)) {
    expect(stored.get('index.html')!.text).toContain(`href="${id}/index.html"`)
    expect(stored.get('experiments.json')!.text).toContain(id)
    expect(stored.has(`${id}/index.html`)).toBe(true)
  }
})

inS3('a bucket that is not there exits 3, and is not made', async () => {
  const { exitCode, stderr } = await home.run(['publish', 'latest', '--to', 's3://absent-bucket/x'], {
    env: environment,
  })
  expect(exitCode).toBe(3)
  expect(stderr).toContain('expected a bucket absent-bucket')
})

inS3('a page of somebody else at the place of the index is refused', async () => {
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'home/index.html', Body: '<h1>mine</h1>' }))
  const { exitCode, stderr } = await home.run(
    ['publish', 'latest', '--to', `s3://${BUCKET}/home`, '--site'],
    { env: environment },
  )
  expect(exitCode).toBe(3)
  expect(stderr).toContain('did not write')
  expect([...(await objects('home/')).keys()]).toEqual(['index.html'])
})
