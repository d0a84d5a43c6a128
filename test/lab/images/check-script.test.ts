// Goal: a check says what an image lacks in one line each, whatever the shell that starts it, and its output is read
// without guessing. Method: the scripts of packer/checks run in bash below dash, with functions in place of programs;
// shellcheck reads them in test/terraform/scripts.test.ts.
import { expect, test } from 'bun:test'
import { runCommand } from '../../../src/brokers/provision/index.ts'
import { checkedFacts, checkScript } from '../../../src/lab/images/check-script.ts'
import { imageSoftware } from '../../../src/lab/images/software.ts'

const LIMIT_MS = 60_000
const never = new AbortController().signal

async function run(software: string, version: string) {
  const script = await checkScript(software, version)
  // As the agent does; sh is dash on Debian.
  return runCommand({ command: 'sh', args: ['-c', script], limitMs: LIMIT_MS }, never)
}

test.each(imageSoftware().map(({ name, version }) => [name, version]))(
  'of %s %s: a machine that is no image of it is told from one, to the end of the script',
  async (name, version) => {
    const { code, stdout, stderr } = await run(name!, version!)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const facts = checkedFacts(stdout)
    expect(stdout.trimEnd().split('\n')).toHaveLength(facts.length)
    expect(facts.some(({ isOk, text }) => isOk && text === 'program tar')).toBe(true)
    const last = { client: 'user bench', kafka: `Kafka ${version}` }[name!] ?? 'folder of logs'
    expect(facts.at(-1)).toEqual({ isOk: false, text: expect.stringContaining(last) })
  },
  LIMIT_MS,
)

test('units are held against the machine: those whose programs lie in the software’s folder', async () => {
  const units = async (name: string) =>
    checkedFacts((await run(name, '1')).stdout).flatMap(
      ({ text }) => /^unit (\w+)\.service/.exec(text)?.[1] ?? [],
    )
  expect(await units('pulsar')).toEqual(['bookkeeper', 'broker', 'zookeeper'])
  expect(await units('kafka')).toEqual(['kafka'])
  expect(await units('client')).toEqual([])
})

test('a version cannot leave its quotes', async () => {
  const { stdout } = await run('kafka', "1'; echo ok escaped; '")
  expect(checkedFacts(stdout).some(({ text }) => text === 'escaped')).toBe(false)
})

test('other lines of the output are no facts', () => {
  expect(checkedFacts('ok one\nokay\nBAD two: expected\n\n ok three\nBAD\n')).toEqual([
    { isOk: true, text: 'one' },
    { isOk: false, text: 'two: expected' },
  ])
})
