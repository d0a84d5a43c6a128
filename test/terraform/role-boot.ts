import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandOutput } from '../../src/brokers/provision/index.ts'
import { type BashBox, USER_DATA } from './bash-box.ts'

const STAND_INS = ['chown', 'curl', 'install', 'lsblk', 'runuser']

/**
 * Runs the boot script of a role with its folders below `at`; users and services are nobody's. What is done to them stands
 * in the file `did` there.
 */
export async function bootRole(
  box: BashBox,
  role: string,
  at: string,
  env: Readonly<Record<string, string>>,
): Promise<CommandOutput> {
  const moved = async (name: string) =>
    (await Bun.file(join(USER_DATA, name)).text()).replaceAll(
      /(?<![\w/}.])\/(opt|etc|var\/lib|usr\/local\/bin)(?=[/\s])/g,
      `${at}/$1`,
    )
  for (const part of ['opt', 'etc/security/limits.d', 'var/lib', 'usr/local/bin'])
    mkdirSync(join(at, part), { recursive: true })
  for (const name of ['chown', 'systemctl']) box.standIn(name, `echo ${name} "$@" >>${at}/did`)
  for (const name of ['curl', 'lsblk']) box.standIn(name, 'exit 0')
  box.standIn('install', 'for each; do if [[ $each == /* ]]; then mkdir -p "$each"; fi; done')
  box.standIn('runuser', 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
  try {
    return await box.bash(`${await moved('lib.sh')}\nbench_begin\n${await moved(`${role}.sh`)}`, env)
  } finally {
    box.standBack(STAND_INS)
  }
}
