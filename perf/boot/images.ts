import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry, type Log, mustRun } from '../../src/brokers/provision/index.ts'
import { ROOT } from '../../test/terraform/terraform.ts'
import { addStandIns, debianRoot } from './debian-root.ts'
import { SOFTWARE_VERSIONS, startMirror } from './mirror.ts'

const INSTALL_LIMIT_MS = 1_200_000
const SCRIPTS = join(ROOT, 'packer/scripts')
const SYSTEMCTL = join(ROOT, 'test/terraform/systemctl')
const INSTALL = join(ROOT, 'perf/boot/install.sh')

/**
 * What an image of this software holds, as folders for an overlay (the upper one first, with colons between): a Debian
 * into which Packer's install scripts have run. Made once for each version of the scripts, in the cache; needs root and
 * Debian's mirror. The command line of AWS is Debian's own.
 */
export async function imageRoot(software: string, log: Log, signal: AbortSignal): Promise<string> {
  const below = await debianRoot(log, signal)
  const build = (work: string) => install(software, { work, below }, log, signal)
  const entry = await cacheEntry(`image-${software}-${digestOf(software)}`, build, signal)
  return `${join(entry, 'upper')}:${below}`
}

/** Of all that an image is made of. */
function digestOf(software: string): string {
  const scripts = ['lib', 'base', software, 'clean'].map((name) => join(SCRIPTS, `${name}.sh`))
  const hash = createHash('sha256').update(SOFTWARE_VERSIONS[software]!)
  for (const file of [...scripts, SYSTEMCTL, INSTALL]) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

async function install(
  software: string,
  { work, below }: { readonly work: string; readonly below: string },
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  log(`${software}: installing into an image (once, some minutes)`)
  await addStandIns(join(work, 'upper'), SYSTEMCTL)
  const mirror = startMirror(join(work, 'mirror'), log, signal)
  try {
    const spaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
    await mustRun(
      {
        command: 'unshare',
        args: [...spaces, INSTALL, below, work, SCRIPTS, software],
        env: { ...process.env, ...(await mirror.environmentOf(software)) },
        limitMs: INSTALL_LIMIT_MS,
        what: `an image of ${software}`,
        hint: 'it needs root and Debian’s mirror',
      },
      signal,
    )
  } finally {
    await mirror.stop()
  }
  for (const part of ['mirror', 'inner', 'root']) await rm(join(work, part), { recursive: true, force: true })
}
