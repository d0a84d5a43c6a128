// Goal: settings reach Pulsar's shipped files whatever these look like: in place, once, and never joined to a last line
// without an end. Method: examples with that trap, and a property over random files, read back by a reader of Java's
// properties format.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { withSettings } from '../../../src/brokers/pulsar/pulsar-configuration.ts'
import { parseJavaProperties } from '../../../src/driver/java-properties.ts'

test('a last line without an end is not joined with what is appended', () => {
  const shipped = '# a comment\nfactory=org.example.CompactionServiceFactory'
  expect(withSettings(shipped, { listeningInterface: 'lo' })).toBe(
    '# a comment\nfactory=org.example.CompactionServiceFactory\nlisteningInterface=lo\n',
  )
})

test('a key is replaced where it stands, also one with spaces around it or set twice; comments stay', () => {
  const shipped = '# port=1\n port = 2\nother=3\nport=4\n'
  expect(withSettings(shipped, { port: 5 })).toBe('# port=1\nport=5\nother=3\n')
})

test('without a shipped file the settings are the file', () => {
  expect(withSettings('', { a: 1, b: true }).trim()).toBe('a=1\nb=true')
})

const key = fc.stringMatching(/^[a-z][a-zA-Z_.]{0,6}$/)
const value = fc.stringMatching(/^[a-z0-9/:.]{0,8}$/)
const line = fc.oneof(
  fc.tuple(key, value).map(([name, text]) => `${name}=${text}`),
  value.map((text) => `# ${text}`),
  fc.constant(''),
)

test('every setting is read back, every other key keeps its value', () => {
  fc.assert(
    fc.property(
      fc.array(line),
      fc.constantFrom('', '\n'),
      fc.dictionary(key, value),
      (lines, end, settings) => {
        const shipped = lines.join('\n') + end
        const read = parseJavaProperties(withSettings(shipped, settings))
        const expected = parseJavaProperties(shipped)
        for (const [name, text] of Object.entries(settings)) expected.set(name, text)
        expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected))
      },
    ),
  )
})
