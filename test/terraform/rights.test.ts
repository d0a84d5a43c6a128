// Goal: the table of rights in terraform/README.md is what instances get, no statement is wider than it says, and whatever
// else bench gives a role to is given no more. Method: the statements are read from the module's text and held against the
// page and each other; what Terraform makes of them is asked in modules/iam/tests.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './terraform.ts'

const README = readFileSync(join(ROOT, 'terraform/README.md'), 'utf8')
const MODULE = readFileSync(join(ROOT, 'terraform/modules/iam/main.tf'), 'utf8')

interface Statement {
  readonly sid: string
  readonly actions: readonly string[]
  readonly resource: string
}

const statements: readonly Statement[] = [...MODULE.matchAll(/Sid +=[\s\S]*?Resource +=.*$/gm)].map(
  ([text]) => ({
    sid: /Sid += "(\w+)"/.exec(text)![1]!,
    actions: [...text.matchAll(/"(\w+:\w+)"/g)].map(([, action]) => action!).sort(),
    resource: /Resource += (.*)$/.exec(text)![1]!,
  }),
)

test('every statement and each of its actions stands in the table, and nothing more', () => {
  const rows = [...README.matchAll(/^\| `(\w+)` +\| (.+?) +\|/gm)].map(([, sid, actions]) => ({
    sid: sid!,
    actions: [...actions!.matchAll(/`(\w+:\w+)`/g)].map(([, action]) => action!).sort(),
  }))
  expect(rows).toEqual(statements.map(({ sid, actions }) => ({ sid, actions: [...actions] })))
})

test('one statement alone has the star as its resource, and no action has one', () => {
  expect(statements).toHaveLength(5)
  expect(statements.filter(({ resource }) => resource.includes('"*"')).map(({ sid }) => sid)).toEqual([
    'TakeCommands',
  ])
  expect(MODULE).not.toMatch(/"\w+:\w*\*/)
  expect(MODULE).not.toMatch(/managed_policy|policy_attachment/)
})

test('the role that checks an image may only take commands, as instances do', () => {
  const source = readFileSync(join(ROOT, 'src/lab/images/check-site.ts'), 'utf8')
  const [block] = /const TAKE_COMMANDS[\s\S]*?^\}\)/m.exec(source)!
  const given = [...block!.matchAll(/'(\w+:\w+)',/g)].map(([, action]) => action!)
  expect(given.sort()).toEqual([...statements[0]!.actions])
})
