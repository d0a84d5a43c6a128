import { join } from 'node:path'
import { type Java, runCommand } from '../../../../src/brokers/provision/index.ts'
import { LIMIT_MS } from './bench-client.ts'

/** Its histograms alone take more than 256 MB. */
const FLAGS = [
  '-Xms32m',
  '-Xmx1g',
  '-XX:MaxDirectMemorySize=384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
]
const LOGGING = ['appender=Console', 'level=info', 'root.level=info'].map((one) => `-Dpulsar.log.${one}`)
const MAIN = 'org.apache.pulsar.testclient.PulsarPerfTestTool'

/** Runs `pulsar-perf produce` or `consume` to its end; how many messages it says it has sent or received. */
export async function pulsarPerf(
  java: Java,
  home: string,
  folder: string,
  args: readonly string[],
): Promise<number> {
  const conf = join(home, 'conf')
  const path = ['-cp', `${conf}:${join(home, 'lib', '*')}`, '-Dlog4j.configurationFile=log4j2.yaml']
  const tool = [`-Dpulsar.log.dir=${folder}`, MAIN, join(conf, 'client.conf'), ...args]
  const output = await runCommand(
    {
      command: java.java,
      args: [...FLAGS, ...LOGGING, ...path, ...tool],
      env: { ...process.env, ...java.env },
      cwd: folder,
      limitMs: LIMIT_MS,
    },
    AbortSignal.timeout(2 * LIMIT_MS),
  )
  const records = /Aggregated throughput stats --- (\d+) records/.exec(output.stdout)
  if (records === null) throw new Error(`pulsar-perf ${args[0]}: ${output.stdout}\n${output.stderr}`)
  return Number(records[1])
}
