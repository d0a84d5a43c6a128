// Goal: names of brokers are resolved, or refused with those that exist. Method: the real table.
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { localBrokerNames, localBrokerProvider } from '../../src/brokers/registry.ts'
import { AppError } from '../../src/errors/app-error.ts'

test('an unknown name is refused, also one that every object has', async () => {
  for (const name of ['activemq', 'constructor', '']) {
    const error = await localBrokerProvider(name).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(AppError)
    expect(error.code).toBe('CONFIG')
    expect(error.hint).toContain('kafka')
  }
})

test('brokers that only tests start are not offered', () => {
  expect(localBrokerNames()).toEqual(['kafka', 'rabbitmq', 'pulsar', 'otlp'])
})

for (const name of ['kafka', 'rabbitmq', 'pulsar', 'otlp', 'fake']) {
  const file = join(import.meta.dir, `../../src/brokers/${name}/${name}-provider.ts`)
  if (!existsSync(file)) continue
  test(`the provider of ${name} loads under its own name`, async () => {
    expect((await localBrokerProvider(name)).name).toBe(name)
  })
}
