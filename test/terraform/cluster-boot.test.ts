// Goal: nodes of a cluster wait for each other where they must, and none is ready before the cluster is. Method: the real
// boot scripts in bash, a node after another; the network, systemd and the systems' own tools are small programs.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { bashBox, writeProgram } from './bash-box.ts'
import { bootRole } from './role-boot.ts'

const box = bashBox()
afterAll(box.remove)

/** A node of RabbitMQ whose network has these addresses, and what it did, in order. */
async function bootRabbitmq(name: string, address: string, reachable: readonly string[]) {
  const at = join(box.folder, name)
  mkdirSync(join(at, 'opt/rabbitmq/sbin'), { recursive: true })
  writeProgram(join(at, 'opt/rabbitmq/sbin/rabbitmqctl'), `echo rabbitmqctl "$@" >>${at}/did`)
  box.standIn('aws', 'echo some-secret')
  // How a port is tried: `timeout 2 bash -c 'exec 3<>/dev/tcp/ADDRESS/PORT'`.
  const known = reachable.map((each) => `*/dev/tcp/${each}/*`).join('|')
  box.standIn('timeout', `case "$*" in ${known}) echo "port $*" >>${at}/did ;; *) exit 1 ;; esac`)
  const { code } = await bootRole(box, 'rabbitmq', at, {
    BENCH_ADDRESS: address,
    BENCH_NODES: '10.0.1.140,10.0.1.141,10.0.1.142',
    BENCH_SECRET_PREFIX: '/bench/exp-1/rabbitmq',
    BENCH_MEMORY_WATERMARK: '0.6',
    BENCH_REGION: 'eu-west-1',
    BENCH_HEALTH_LIMIT_S: '1',
  })
  box.standBack(['aws', 'timeout'])
  const did = existsSync(join(at, 'did')) ? box.read(name, 'did') : ''
  const steps = did.split('\n').filter((line) => /^(port|systemctl enable|rabbitmqctl)/.test(line))
  return { code, steps, state: box.read(name, 'var/lib/bench/boot-state') }
}

test('RabbitMQ nodes wait for the first one, and are ready when all are one cluster', async () => {
  const second = await bootRabbitmq('second', '10.0.1.141', ['10.0.1.140', '10.0.1.141'])
  expect(second.code).toBe(0)
  expect(second.steps).toEqual([
    'port 2 bash -c exec 3<>/dev/tcp/10.0.1.140/5672',
    'systemctl enable --now rabbitmq',
    'port 2 bash -c exec 3<>/dev/tcp/10.0.1.141/5672',
    'rabbitmqctl await_online_nodes 3 --timeout 60',
  ])
  const first = await bootRabbitmq('first', '10.0.1.140', ['10.0.1.140'])
  expect(first.steps[0]).toBe('systemctl enable --now rabbitmq')
})

test('a RabbitMQ node whose first node never comes fails, and does not make a cluster of its own', async () => {
  const alone = await bootRabbitmq('alone', '10.0.1.142', ['10.0.1.142'])
  expect(alone.code).toBe(1)
  expect(alone.steps).toEqual([])
  expect(alone.state).toBe('failed: expected the first node, 10.0.1.140:5672 within 1 s\n')
})
