// Goal: the password that a real broker was reached with, and one that it refused, is in no artifact, wherever published.
// Method: RabbitMQ with a user of its own; one side with the right password, one with a wrong one, others at closed ports;
// published to a folder as a site and to moto's S3; every file and every object is searched, in every usual form.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { type AwsTools, awsTools } from '../../aws/double/moto.ts'
import { benchHome } from '../../support/bench.ts'
import { motoAlone } from '../../support/moto.ts'
import { leaksBelow, leaksIn, plantSecrets, SECRETS } from '../../support/planted-secrets.ts'
import { skipLoudly } from '../../support/skip.ts'
import { testBroker } from '../rabbitmq/support/broker.ts'

const Bucket = 'bench-results'
const tools = await awsTools(console.error)
const isSkipped = typeof tools === 'string' && skipLoudly(`publishing to S3: ${tools}`)
const home = benchHome()
const files = benchHome()
const publicFiles = benchHome()
const broker = testBroker({ extra: { users: [{ name: 'alice', password: SECRETS.rabbitmq }] } })
setDefaultTimeout(120_000)

let moto: Awaited<ReturnType<typeof motoAlone>> | null = null
beforeAll(async () => {
  if (!isSkipped) moto = await motoAlone(tools as AwsTools)
})
afterAll(async () => {
  await moto?.stop()
  for (const each of [home, files, publicFiles]) each.remove()
})

function driverFile(name: string, password: string): string {
  const path = join(files.path, `${name}.yaml`)
  writeFileSync(
    path,
    `driver: rabbitmq\nservers: [${broker.current.servers[0]}]\nusername: alice\npassword: '${password}'\n`,
  )
  return path
}

test('a run, its folder, and a site made of it', async () => {
  const sides = [driverFile('right', SECRETS.rabbitmq), driverFile('wrong', SECRETS.wrongPassword)]
  const { args, env } = plantSecrets(files.path, sides)
  const ran = await home.run(args, { env })
  expect([6, 9]).toContain(ran.exitCode)
  const result = await Bun.file(join(home.path, 'latest/result.json')).json()
  const errors = result.sides.map(({ label, error }: { label: string; error: object | null }) => [
    label,
    error !== null,
  ])
  expect(Object.fromEntries(errors)).toMatchObject({
    fake: false,
    right: false,
    wrong: true,
    kafka: true,
    argv: true,
  })
  expect(leaksIn(Buffer.from(ran.stdout + ran.stderr))).toEqual([])
  expect(leaksBelow(home.path)).toEqual([])
  const place = join(publicFiles.path, 'place')
  expect(await home.run(['publish', 'latest', '--to', place, '--site'])).toMatchObject({ exitCode: 0 })
  expect(leaksBelow(place)).toEqual([])
})

test.skipIf(isSkipped)('objects of a bucket', async () => {
  const { endpoint } = moto!
  const region = 'us-east-1'
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials })
  try {
    await client.send(new CreateBucketCommand({ Bucket }))
    const env = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
    }
    const published = await home.run(['publish', 'latest', '--to', `s3://${Bucket}/site`, '--site'], { env })
    expect(published).toMatchObject({ exitCode: 0 })
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents.length).toBeGreaterThan(15)
    for (const { Key } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: Key! }))
      expect([Key, leaksIn(await Body!.transformToByteArray())]).toEqual([Key, []])
    }
  } finally {
    client.destroy()
  }
})
