// Goal: load generators and gateways come to bench as they should, and run-benchmark measures once, keeps what was
// measured and tells no secrets. Method: the real scripts in bash; AWS, systemd and bench itself are small programs.
import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pollUntil } from '../support/poll.ts'
import { bashBox, SCRIPT_LIMIT_MS, USER_DATA, writeProgram } from './bash-box.ts'
import { bootRole } from './role-boot.ts'

const box = bashBox()
const { folder, bash, standIn, read } = box
afterAll(box.remove)

/** A client's folders, with a `bench` that does what `body` says. */
function client(name: string, body: string): Record<string, string> {
  const at = join(folder, name)
  for (const part of ['etc', 'state/runs', 'bench/workloads']) mkdirSync(join(at, part), { recursive: true })
  writeFileSync(join(at, 'etc/client.env'), "BENCH_REGION='eu-west-1'\nBENCH_BUCKET='results'\n")
  writeFileSync(join(at, 'etc/secrets'), 'STORE_PASSWORD /bench/exp-1/store/password\n\n')
  writeFileSync(join(at, 'etc/sides'), 'store\nqueue\n')
  writeFileSync(join(at, 'bench/workloads/poc.yaml'), 'name: poc\n')
  writeProgram(join(at, 'bench/bench'), `echo "$*" >>${at}/ran\n${body}`)
  standIn('aws', `if [ "$1" = ssm ]; then echo opensesame; else echo "$*" >>${at}/sent; fi`)
  return { BENCH_ETC: join(at, 'etc'), BENCH_STATE: join(at, 'state'), BENCH_FOLDER: join(at, 'bench') }
}

const RUN = join(USER_DATA, 'run-benchmark')

test('run-benchmark measures once under a name, and brings results to the bucket', async () => {
  const env = client(
    'once',
    'mkdir -p $BENCH_HOME/latest; echo "event $STORE_PASSWORD" | wc -c; echo told >&2; exit 6',
  )
  const first = await bash(`${RUN} workloads/poc.yaml poc-1 --rate 500`, env)
  expect(first.code).toBe(6)
  expect(first.stdout).toBe('told\n')
  const again = await bash(`${RUN} workloads/poc.yaml poc-1 --rate 500`, env)
  expect(again.code).toBe(6)
  expect(again.stderr).toContain('poc-1 is done')
  const sides = `${env.BENCH_ETC}/drivers/store.yaml,${env.BENCH_ETC}/drivers/queue.yaml`
  const workload = `${env.BENCH_FOLDER}/workloads/poc.yaml`
  expect(read('once', 'ran')).toBe(`run ${workload} --drivers ${sides} --json --rate 500\n`)
  expect(read('once', 'sent')).toContain('s3://results/client/poc-1/')
  // The secret reached bench by its environment, and nothing else: `event opensesame` has 17 characters.
  expect(read('once', 'state/runs/poc-1/events.jsonl')).toBe('17\n')
  expect(read('once', 'ran') + read('once', 'sent') + first.stdout + first.stderr).not.toContain('opensesame')
})

test('run-benchmark keeps what was measured when the bucket cannot be reached, and brings it later', async () => {
  const env = client('later', 'mkdir -p $BENCH_HOME/latest')
  const at = join(folder, 'later')
  standIn(
    'aws',
    `if [ "$1" = ssm ]; then echo opensesame; else [ -e ${at}/open ] && echo "$*" >>${at}/sent; fi`,
  )
  expect((await bash(`${RUN} workloads/poc.yaml poc-1`, env)).code).toBe(1)
  writeFileSync(join(at, 'open'), '')
  expect((await bash(`${RUN} workloads/poc.yaml poc-1`, env)).code).toBe(0)
  expect(read('later', 'ran').trim().split('\n').length).toBe(1)
  expect(read('later', 'sent').trim().split('\n').length).toBe(3)
})

test('run-benchmark refuses wrong use before it does anything', async () => {
  const env = client('wrong', 'exit 0')
  for (const args of ['', 'workloads/poc.yaml', 'workloads/none.yaml name', "workloads/poc.yaml '../name'"]) {
    expect((await bash(`${RUN} ${args}`, env)).code).toBe(64)
  }
  expect(existsSync(join(folder, 'wrong', 'ran'))).toBe(false)
})

test('run-benchmark ends bench in order when the instance is taken back, and runs one at a time', async () => {
  const env = client('spot-run', "trap 'echo collected >&2; exit 143' TERM; while :; do sleep 0.05; done")
  const running = bash(`${RUN} workloads/poc.yaml long`, env)
  await pollUntil('bench to run', SCRIPT_LIMIT_MS, () => existsSync(join(folder, 'spot-run', 'ran')))
  expect((await bash(`${RUN} workloads/poc.yaml long`, env)).code).toBe(75)
  writeFileSync(join(folder, 'spot-run', 'state', 'interrupted'), 'notice\n')
  const { code, stdout } = await running
  expect({ code, stdout }).toEqual({ code: 143, stdout: 'collected\n' })
})

/** An archive of a `bench` that says what it is asked; `aws s3 cp` brings it at the second try. */
async function packedBench(at: string): Promise<Record<string, string>> {
  const from = join(at, 'packed')
  mkdirSync(join(from, 'workloads/drivers'), { recursive: true })
  writeProgram(join(from, 'bench'), `echo "$*" >>${at}/asked`)
  writeFileSync(join(from, 'workloads/drivers/store.yaml'), '# a store\ndriver: store\n')
  writeFileSync(join(from, 'workloads/drivers/store-slow.yaml'), 'driver: store\nacks: all\n')
  writeFileSync(join(from, 'workloads/drivers/other.yaml'), 'driver: other\n')
  await bash(`tar -czf ${at}/bench.tar.gz -C ${from} .`)
  standIn('aws', `[ -e ${at}/first ] || { touch ${at}/first; exit 1; }; cp ${at}/bench.tar.gz "\${@: -1}"`)
  const sum = createHash('sha256').update(readFileSync(join(at, 'bench.tar.gz')))
  return {
    BENCH_REGION: 'eu-west-1',
    BENCH_ARCHIVE_URI: 's3://results/bench.tar.gz',
    BENCH_ARCHIVE_SHA256: sum.digest('hex'),
  }
}

test('a load generator gets bench, driver files that name the systems, and names of secrets', async () => {
  const at = join(folder, 'client-boot')
  const env = {
    ...(await packedBench(at)),
    BENCH_BUCKET: 'results',
    BENCH_DRIVERS: 'store servers: [10.0.1.110:9092]\nstore username: bench',
    BENCH_SECRETS: 'STORE_PASSWORD /bench/exp-1/store/password',
  }
  for (const time of ['first', 'again']) {
    const { code, stderr } = await bootRole(box, 'client', at, env)
    expect({ time, code, stderr }).toEqual({ time, code: 0, stderr: '' })
  }
  const drivers = 'client-boot/etc/bench/drivers'
  expect(read(drivers, 'store.yaml')).toBe(
    '# a store\ndriver: store\nservers: [10.0.1.110:9092]\nusername: bench\n',
  )
  expect(read(drivers, 'store-slow.yaml')).toEndWith(
    'acks: all\nservers: [10.0.1.110:9092]\nusername: bench\n',
  )
  expect(existsSync(join(folder, drivers, 'other.yaml'))).toBe(false)
  expect(read('client-boot/etc/bench/sides')).toBe('store\n')
  expect(read('client-boot/etc/bench/secrets')).toBe('STORE_PASSWORD /bench/exp-1/store/password\n')
  expect(read('client-boot/asked')).toBe('version\nversion\n')
  expect(read('client-boot/var/lib/bench/boot-state')).toMatch(/^ready after/)
  const wrong = await bootRole(box, 'client', at, { ...env, BENCH_ARCHIVE_SHA256: '0'.repeat(64) })
  expect(wrong.code).toBe(1)
  expect(read('client-boot/var/lib/bench/boot-state')).toStartWith('failed: expected SHA-256 0000')
})

test('a gateway gets bench and its settings, and is started', async () => {
  const at = join(folder, 'gateway-boot')
  const env = {
    ...(await packedBench(at)),
    BENCH_ADDRESS: '10.0.1.170',
    BENCH_SETTINGS: 'GATEWAY_PROCESSES=2\nOTLP_UPSTREAM_LOGS_URL=http://10.0.1.200:14328/v1/logs',
  }
  const { code, stderr } = await bootRole(box, 'gateway', at, env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const settings = read('gateway-boot/etc/bench/gateway.env').split('\n')
  expect(settings).toContain('GATEWAY_BIND_ADDRESS=10.0.1.170')
  expect(settings).toContain('GATEWAY_PROCESSES=2')
  expect(settings).toContain('OTLP_UPSTREAM_LOGS_URL=http://10.0.1.200:14328/v1/logs')
  expect(read('gateway-boot/did')).toContain('systemctl enable --now gateway\n')
})
