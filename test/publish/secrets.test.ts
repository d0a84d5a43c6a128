// Goal: a secret of a driver file, the command line or the environment is in nothing that a run keeps or that is published.
// Method: a run whose driver files hold one in every kind of place (one side works, the others fail at closed ports, so that
// errors are written, too), published to a folder, as a site and as a job summary; every byte of every file is searched, in
// every usual form.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchHome } from '../support/bench.ts'
import { leaksBelow, leaksIn, plantSecrets, SECRETS } from '../support/planted-secrets.ts'

setDefaultTimeout(120_000)

const home = benchHome()
const files = benchHome()
const public_ = benchHome()
const PLAIN = { GITHUB_STEP_SUMMARY: undefined }
afterAll(() => {
  for (const each of [home, files, public_]) each.remove()
})

test('of a run, its report, a folder, a site and a job summary', async () => {
  const { args, env } = plantSecrets(files.path)
  const summary = join(public_.path, 'summary.md')
  const ran = await home.run(args, { env: { ...env, GITHUB_STEP_SUMMARY: summary } })
  // The others could not be prepared; a busy machine may be late besides.
  expect([6, 9]).toContain(ran.exitCode)
  expect(leaksIn(Buffer.from(ran.stdout + ran.stderr))).toEqual([])
  expect(leaksBelow(home.path)).toEqual([])
  expect(readFileSync(summary, 'utf8')).toContain('fake')

  const place = join(public_.path, 'place')
  const published = await home.run(['publish', 'latest', '--to', place, '--site', '--summary'], {
    env: { ...env, GITHUB_STEP_SUMMARY: summary },
  })
  expect(published).toMatchObject({ exitCode: 0 })
  expect(leaksIn(Buffer.from(published.stdout + published.stderr))).toEqual([])
  const [id] = readdirSync(place).filter((name) => name.startsWith('exp-'))
  for (const name of ['index.html', 'metrics.json', 'raw_data/result.json'])
    expect(existsSync(join(place, id!, name))).toBe(true)
  expect(leaksBelow(public_.path)).toEqual([])
})

test('the search finds each of them in each of its forms', () => {
  const secret = SECRETS.fakePassword
  for (const text of [
    secret,
    JSON.stringify({ secret }),
    encodeURIComponent(secret),
    Buffer.from(`user:${secret}`).toString('base64'),
    `<a href="data:application/gzip;base64,${Buffer.from(Bun.gzipSync(Buffer.from(`a ${secret} b`))).toString('base64')}">`,
  ]) {
    expect(leaksIn(Buffer.from(text))).toEqual(['fakePassword'])
  }
})

test('a result that holds secrets all the same is published without them; other files of its folder never are', async () => {
  const id = readdirSync(home.path).find((name) => name.startsWith('exp-'))!
  const folder = join(home.path, id)
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))
  result.command.push(`--drivers=kafka+sasl={password: ${SECRETS.fakeApiKey}}`)
  result.workloadSource += `\napiKey: ${SECRETS.fakeApiKey}\nauthorization: Bearer ${SECRETS.fakeHeader}\n`
  result.sides[0].settings.password = SECRETS.fakePassword
  result.sides[0].error = null
  result.sides[1].error.message = `no answer of amqp://bob:${SECRETS.fakeUrl}@host with Bearer ${SECRETS.otlpBearer}`
  result.notes.push(`-----BEGIN PRIVATE KEY-----\n${SECRETS.fakePem}\n-----END PRIVATE KEY-----`)
  result.unknownField = { password: SECRETS.fakeJaas, list: [{ token: SECRETS.environment }] }
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result))
  copyFileSync(join(files.path, 'fake.yaml'), join(folder, 'report', 'driver.yaml'))
  writeFileSync(join(folder, 'bench.log'), SECRETS.fakePassword)
  const place = join(public_.path, 'edited')
  expect(await home.run(['publish', id, '--to', place], { env: PLAIN })).toMatchObject({ exitCode: 0 })
  expect(leaksBelow(place)).toEqual([])
})

test('the value of a secret variable in an artifact stops the publication before anything is written', async () => {
  const place = join(public_.path, 'stopped')
  // It stands in the workload's text.
  const env = { ...PLAIN, BENCH_TEST_TOKEN: 'testDurationSeconds' }
  const { exitCode, stderr } = await home.run(['publish', 'latest', '--to', place], { env })
  expect(exitCode).toBe(3)
  expect(stderr).toContain('found the value of $BENCH_TEST_TOKEN')
  expect(existsSync(place)).toBe(false)
})
