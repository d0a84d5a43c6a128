import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry, debianPackages, type Log, mustRun } from '../../src/brokers/provision/index.ts'

const RELEASE = 'bookworm'
const DEBOOTSTRAP_LIMIT_MS = 900_000
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const NOTHING = '#!/bin/sh\nexit 0\n'

/** A Debian as small as it gets, made by debootstrap from Debian's mirror, once, in the cache. Needs root. */
export async function debianRoot(log: Log, signal: AbortSignal): Promise<string> {
  const { root: tools } = await debianPackages(['debootstrap'], log, signal)
  const build = async (folder: string) => {
    log(`debootstrap: making a Debian ${RELEASE} (once, about two minutes)`)
    await mustRun(
      {
        command: join(tools, 'usr/sbin/debootstrap'),
        args: ['--variant=minbase', `--keyring=${KEYRING}`, RELEASE, folder],
        env: { ...process.env, DEBOOTSTRAP_DIR: join(tools, 'usr/share/debootstrap') },
        limitMs: DEBOOTSTRAP_LIMIT_MS,
        what: 'a Debian root',
        hint: 'it needs root, wget and Debian’s mirror: see debootstrap/debootstrap.log in the folder named above',
      },
      signal,
    )
  }
  return await cacheEntry(`debian-root-${RELEASE}-${process.arch}`, build, signal)
}

/** What stands in for AWS's agent in a root, which does nothing, and for systemd, which no root has. */
export async function addStandIns(root: string, systemctl: string): Promise<void> {
  const bin = join(root, 'usr/local/bin')
  for (const part of ['usr/local/bin', 'usr/sbin', 'etc']) await mkdir(join(root, part), { recursive: true })
  await copyFile(systemctl, join(bin, 'systemctl'))
  await chmod(join(bin, 'systemctl'), 0o755)
  await addProgram(root, 'amazon-ssm-agent', NOTHING)
  // Services are started by the boot, not by the installation of their packages.
  await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n')
  await chmod(join(root, 'usr/sbin/policy-rc.d'), 0o755)
  if (existsSync('/etc/resolv.conf')) await copyFile('/etc/resolv.conf', join(root, 'etc/resolv.conf'))
}

/** Secrets by a file: what stands in for AWS's command line where there is nothing of AWS. */
export function addSecretsByFile(root: string): Promise<void> {
  return addProgram(root, 'aws', AWS)
}

async function addProgram(root: string, name: string, text: string): Promise<void> {
  const file = join(root, 'usr/local/bin', name)
  await writeFile(file, text)
  await chmod(file, 0o755)
}

// `ssm get-parameter --name NAME`: the last part of the name is a file below /run/secrets. All else fails.
const AWS = `#!/bin/bash
set -euo pipefail
[ "$1 $2" = 'ssm get-parameter' ] || exit 64
while [ "$1" != --name ]; do shift; done
cat "/run/secrets/\${2##*/}"
`
