import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult, TrialResult } from '../../../src/result/result.ts'
import { benchHome } from '../../support/bench.ts'
import type { LocalPulsar } from './local-pulsar.ts'

const LIMIT_MS = 120_000
const SUBSCRIPTIONS = 2
/** 500 a second for 1 s of warm-up and 3 s of measure. */
const MESSAGES = 2000
const MESSAGE_BYTES = 512

/**
 * The broker's own count of messages agrees with the audit of a run by `bench run`, and a broker that refuses to tell it
 * harms nothing: its admin interface then stands behind a proxy that answers questions for statistics with an error.
 */
export function figureTests(pulsar: () => LocalPulsar): void {
  const home = benchHome()
  const workload = join(home.path, 'figures.yaml')
  beforeAll(() => {
    mkdirSync(home.path, { recursive: true })
    const lines = [
      'topics: 2',
      'partitionsPerTopic: 2',
      `messageSize: ${MESSAGE_BYTES}`,
      `subscriptionsPerTopic: ${SUBSCRIPTIONS}`,
      'producerRate: 500',
      'warmupDurationSeconds: 1',
      'testDurationSeconds: 3',
    ]
    writeFileSync(workload, `${lines.join('\n')}\n`)
  })
  afterAll(() => home.remove())

  async function trialWith(adminUrl: string): Promise<TrialResult> {
    const driver = join(home.path, 'pulsar.yaml')
    const servers = JSON.stringify(pulsar().broker.servers)
    writeFileSync(driver, `name: pulsar\ndriver: pulsar\nservers: ${servers}\nadminUrl: ${adminUrl}\n`)
    const finished = await home.run(['run', workload, '--drivers', driver])
    // 6: a busy machine may spoil the latencies, not the audit.
    expect([0, 6], finished.stderr).toContain(finished.exitCode)
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    const [side] = result.sides
    expect(side!.error).toBeNull()
    return side!.trials[0]!
  }

  test(
    'what the broker took, stored and handed out is what the audit acknowledged and received',
    async () => {
      const trial = await trialWith(pulsar().broker.adminUrls![0]!)
      const { error, topics } = trial.brokerFigures!
      expect(error).toBeNull()
      expect(topics).toHaveLength(2)
      for (const { topic, messagesIn, storageBytes, subscriptions } of topics) {
        const audits = trial.audits.filter((audit) => audit.topic === topic)
        expect(audits).toHaveLength(SUBSCRIPTIONS)
        expect(audits[0]).toMatchObject({ rejected: 0, unknown: 0, acknowledgedLost: 0 })
        expect(messagesIn).toBe(audits[0]!.acknowledged)
        expect(storageBytes).toBeGreaterThan(audits[0]!.acknowledged * MESSAGE_BYTES)
        for (const { subscription, messagesOut, backlog } of subscriptions) {
          const audit = audits.find((one) => one.subscription === subscription)!
          expect({ messagesOut, backlog }).toEqual({ messagesOut: audit.received, backlog: 0 })
        }
      }
      expect(topics.reduce((sum, { messagesIn }) => sum + messagesIn!, 0)).toBe(MESSAGES)

      const [csv] = readdirSync(join(home.path, 'latest'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('metrics.csv'))
        .map((name) => readFileSync(join(home.path, 'latest', name), 'utf8').split(/\r?\n/))
      const column = csv![0]!.split(',').indexOf('broker_messages_in')
      expect(csv![1]!.split(',')[column]).toBe(String(MESSAGES))
      const page = readFileSync(join(home.path, 'latest/report/index.html'), 'utf8')
      expect(page).toContain('taken from producers')
    },
    LIMIT_MS,
  )

  test(
    'without figures the run is as good, and says what is missing',
    async () => {
      const target = pulsar().broker.adminUrls![0]!
      const proxy = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        async fetch(request) {
          const { pathname, search } = new URL(request.url)
          if (pathname.endsWith('stats')) return Response.json({ reason: 'out of order' }, { status: 500 })
          const body = request.method === 'GET' ? undefined : await request.text()
          const answer = await fetch(`${target}${pathname}${search}`, {
            method: request.method,
            headers: { 'content-type': 'application/json' },
            ...(body !== undefined && { body }),
          })
          return new Response((await answer.text()) || null, { status: answer.status })
        },
      })
      try {
        const trial = await trialWith(`http://127.0.0.1:${proxy.port}`)
        expect(trial.brokerFigures).toEqual({
          topics: [],
          error: expect.stringContaining('500 out of order'),
        })
        expect(trial).toMatchObject({ interrupted: null, verdict: { integrity: 'intact' } })
        const page = readFileSync(join(home.path, 'latest/report/index.html'), 'utf8')
        expect(page).toContain('own figures are missing')
        expect(page).not.toContain('taken from producers')
      } finally {
        await proxy.stop(true)
      }
    },
    LIMIT_MS,
  )
}
