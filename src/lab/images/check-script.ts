import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PRODUCT_FOLDER } from '../../workload/product-folder.ts'
import { PACKER_FOLDER } from './packer-variables.ts'

/** One thing that an image must have. */
export interface CheckedFact {
  readonly isOk: boolean
  /** What it is; of a bad one also what was expected. */
  readonly text: string
}

const CHECKS = join(PACKER_FOLDER, 'checks')
const UNITS = resolve(PRODUCT_FOLDER, 'terraform/user-data/systemd')

/**
 * The script that checks an instance of an image: packer/checks/base.sh, then that of its software. The units that boot
 * scripts start its programs with go along, to be held against what is there.
 */
export async function checkScript(software: string, version: string): Promise<string> {
  const [base, own] = await Promise.all(
    ['base', software].map((name) => readFile(join(CHECKS, `${name}.sh`), 'utf8')),
  )
  const units = await unitsOf(software)
  const files = units.map(
    ({ name, text }) => `cat >"$CHECK_UNITS/${name}" <<'BENCH-UNIT'\n${text}BENCH-UNIT\n`,
  )
  // A file of its own: what a check starts would read the rest of the script as its input. And sh need not be bash.
  return `folder=$(mktemp -d)
cat >"$folder/check" <<'BENCH-CHECK'
CHECK_VERSION='${version.replaceAll("'", '')}'
CHECK_UNITS=\${0%/*}
${files.join('')}${base}${own}exit "$bad"
BENCH-CHECK
bash "$folder/check" </dev/null
status=$?
rm -r "$folder"
exit "$status"
`
}

/** Units whose programs lie in the software's folder. */
async function unitsOf(software: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(UNITS)).filter((name) => name.endsWith('.service')).sort()
  const all = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(UNITS, name), 'utf8') })),
  )
  return all.filter(({ text }) => text.includes(`/opt/${software}/`))
}

/** What the script found; other lines are nothing of its. */
export function checkedFacts(output: string): CheckedFact[] {
  return output.split('\n').flatMap((line) => {
    const [, word, text] = /^(ok|BAD) (.+)$/.exec(line) ?? []
    return text === undefined ? [] : [{ isOk: word === 'ok', text }]
  })
}
