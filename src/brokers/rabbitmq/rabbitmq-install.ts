import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { debianPackages, type Log } from '../provision/index.ts'

/** RabbitMQ and its Erlang, unpacked below one folder. */
export interface RabbitmqInstall {
  /** Folder of RabbitMQ itself, with `sbin` and `plugins`. */
  readonly home: string
  readonly version: string
  readonly erlangBin: string
  /** Erlang's port mapper daemon. */
  readonly epmd: string
  /** Value of LD_LIBRARY_PATH for its processes. */
  readonly libraryPath: string
}

/** Raise it when `adapt` changes: folders in caches are made anew. */
const REVISION = 1
/** Everything that runs in the Erlang VM must be of one piece, whatever the machine has installed. */
const BUNDLE = /^(erlang-.*|rabbitmq-server)$/
/** Only its maintainer scripts and the service need them. */
const WITHOUT =
  /^(adduser|logrotate|libpopt0|socat|libwrap0|passwd|cron|cron-daemon-common|lsb-base|sysvinit-utils|usrmerge|lib.*-perl)$/

/** Unpacks Debian's packages into the cache on first use; installs nothing. Throws `AppError('MISSING_TOOL')`. */
export async function installRabbitmq(log: Log, signal: AbortSignal): Promise<RabbitmqInstall> {
  const { root, libraryPath } = await debianPackages(['rabbitmq-server'], log, signal, {
    bundle: BUNDLE,
    without: WITHOUT,
    revision: REVISION,
    adapt: pointErlangTo,
  })
  const libraries = join(root, 'usr/lib/rabbitmq/lib')
  const folder = await only(libraries, /^rabbitmq_server-/)
  const erlang = join(root, 'usr/lib/erlang')
  return {
    home: join(libraries, folder),
    version: folder.slice('rabbitmq_server-'.length),
    erlangBin: join(erlang, 'bin'),
    epmd: join(erlang, await only(erlang, /^erts-/), 'bin/epmd'),
    libraryPath,
  }
}

// Debian's `erl` scripts ignore ERL_ROOTDIR: the system's folder is written into both of them.
async function pointErlangTo(root: string, finalRoot: string): Promise<void> {
  const erlang = join(root, 'usr/lib/erlang')
  for (const script of [join(erlang, 'bin/erl'), join(erlang, await only(erlang, /^erts-/), 'bin/erl')]) {
    if (!existsSync(script)) continue
    const text = await readFile(script, 'utf8')
    const patched = text.replaceAll('ROOTDIR=/usr/lib/erlang', `ROOTDIR="${finalRoot}/usr/lib/erlang"`)
    if (patched === text) throw unexpectedPackage(`ROOTDIR=/usr/lib/erlang in ${script}`)
    await writeFile(script, patched)
  }
}

async function only(folder: string, pattern: RegExp): Promise<string> {
  const found = (await readdir(folder)).filter((name) => pattern.test(name))
  if (found.length !== 1) throw unexpectedPackage(`one folder like ${pattern.source} in ${folder}`)
  return found[0] as string
}

function unexpectedPackage(what: string): AppError {
  return new AppError('MISSING_TOOL', `expected ${what} in Debian's rabbitmq-server, and it is not there`, {
    hint: 'this release packs RabbitMQ differently: start a broker yourself and name it under servers',
  })
}
