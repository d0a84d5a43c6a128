import { chmod, chown, copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KAFKA_IMAGE, kafkaLibraries } from '../../src/brokers/kafka/kafka-libraries.ts'
import { debianPackages, mustRun } from '../../src/brokers/provision/index.ts'
import { installPulsar, PULSAR_IMAGE } from '../../src/brokers/pulsar/pulsar-install.ts'
import { RABBITMQ_IMAGE } from '../../src/brokers/rabbitmq/rabbitmq-container.ts'

/** An image made here under upstream's name: it tests the wiring, not upstream's versions or speed. */
export interface StandIn {
  readonly image: string
  /** Archive of its whole file system. */
  readonly tar: string
  /** Dockerfile instructions that `docker import` applies. */
  readonly changes: readonly string[]
}

interface Recipe {
  readonly image: string
  readonly packages: readonly string[]
  readonly changes: readonly string[]
  /** Adds what the packages do not hold. */
  readonly add: (files: string, signal: AbortSignal) => Promise<void>
}

const COPY_LIMIT_MS = 120_000
const APPUSER = 1000
const PULSAR_USER = 10_000
const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Everything down to the C library goes into the image, except what only maintainer scripts and trust stores need. */
const ALL = /./
const WITHOUT =
  /^(adduser|ca-certificates.*|cron.*|debconf|dpkg|fonts-.*|libperl.*|libpython.*|logrotate|openssl|perl.*|python.*|tar|usrmerge)$/

const RECIPES: readonly Recipe[] = [
  {
    image: KAFKA_IMAGE,
    packages: ['busybox-static', 'openjdk-17-jre-headless'],
    changes: [PATH, 'USER 1000', 'VOLUME /var/lib/kafka/data', 'CMD ["/etc/kafka/docker/run"]'],
    add: addKafka,
  },
  {
    image: RABBITMQ_IMAGE,
    packages: ['busybox-static', 'rabbitmq-server'],
    changes: [
      PATH,
      'ENV HOME=/var/lib/rabbitmq',
      'ENV RABBITMQ_LOGS=-',
      'VOLUME /var/lib/rabbitmq',
      'ENTRYPOINT ["docker-entrypoint.sh"]',
    ],
    add: addRabbitmq,
  },
  {
    image: PULSAR_IMAGE,
    packages: ['busybox-static', 'bash', 'openjdk-17-jre-headless'],
    changes: [PATH, 'WORKDIR /pulsar', `USER ${PULSAR_USER}:0`],
    add: addPulsar,
  },
]

/** Makes the archives of all stand-ins below `folder`; packages and jars come from the cache, or go there. */
export async function makeStandIns(
  folder: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<StandIn[]> {
  const made: StandIn[] = []
  for (const { image, packages, changes, add } of RECIPES) {
    log(`stand-in for ${image}: ${packages.join(', ')} of Debian`)
    const { root } = await debianPackages(packages, log, signal, { bundle: ALL, without: WITHOUT })
    const name = image.replace(/\W/g, '-')
    const files = join(folder, name)
    await tool('cp', ['-a', `${root}/.`, files], signal)
    await addSystem(files)
    await add(files, signal)
    const tar = join(folder, `${name}.tar`)
    await tool('tar', ['-cf', tar, '-C', files, '.'], signal)
    await rm(files, { recursive: true })
    made.push({ image, tar, changes })
  }
  return made
}

async function tool(command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const hint = 'free some space in the temporary folder'
  await mustRun({ command, args, limitMs: COPY_LIMIT_MS, what: 'files of an image', hint }, signal)
}

/** A shell and its tools (links to BusyBox), users, and a folder for temporary files. */
async function addSystem(files: string): Promise<void> {
  const bin = join(files, 'bin')
  await mkdir(bin, { recursive: true })
  await mkdir(join(files, 'tmp'), { recursive: true })
  await chmod(join(files, 'tmp'), 0o1777)
  const list = Bun.spawnSync([join(bin, 'busybox'), '--list']).stdout.toString()
  const present = new Set([...(await readdir(bin)), ...(await readdir(join(files, 'usr/bin')))])
  for (const applet of list.split('\n').filter((name) => name !== '' && !present.has(name)))
    await symlink('/bin/busybox', join(bin, applet))
  await write(
    files,
    'etc/passwd',
    `root:x:0:0::/root:/bin/sh\nappuser:x:${APPUSER}:${APPUSER}::/tmp:/bin/sh\n`,
  )
  await write(files, 'etc/group', `root:x:0:\nappuser:x:${APPUSER}:\n`)
}

// Settings pass through the program that upstream's image runs for it, so their names are really tested.
const KAFKA_RUN = `#!/bin/sh -e
jars='/opt/kafka/libs/*'
java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$jars" kafka.docker.KafkaDockerWrapper setup \\
  --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config \\
  --final-configs-dir /opt/kafka/config
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS \\
  -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml -cp "$jars" \\
  kafka.Kafka /opt/kafka/config/server.properties
`
const KAFKA_LOG4J = `Configuration:
  Appenders:
    Console: { name: STDOUT, PatternLayout: { pattern: "[%d] %p %m (%c)%n" } }
  Loggers:
    Root: { level: INFO, AppenderRef: [{ ref: STDOUT }] }
    Logger: []
`

async function addKafka(files: string, signal: AbortSignal): Promise<void> {
  const jars = await kafkaLibraries(() => {}, signal)
  const libs = join(files, 'opt/kafka/libs')
  await mkdir(libs, { recursive: true })
  for (const jar of await readdir(jars)) await copyFile(join(jars, jar), join(libs, jar))
  for (const folder of ['opt/kafka/config', 'var/lib/kafka/data', 'mnt/shared/config']) {
    await mkdir(join(files, folder), { recursive: true })
    await chown(join(files, folder), APPUSER, APPUSER)
  }
  await addJava(files)
  await write(files, 'etc/kafka/docker/run', KAFKA_RUN, 0o755)
  await write(files, 'etc/kafka/docker/log4j2.yaml', KAFKA_LOG4J)
  await write(files, 'etc/kafka/docker/tools-log4j2.yaml', KAFKA_LOG4J)
  await write(files, 'etc/kafka/docker/server.properties', '')
}

/** Debian's Java is found by name. */
async function addJava(files: string): Promise<void> {
  const java = (await readdir(join(files, 'usr/lib/jvm'))).find((name) => /^java-\d+-openjdk-/.test(name))
  await mkdir(join(files, 'usr/local/bin'), { recursive: true })
  await symlink(`/usr/lib/jvm/${java}/bin/java`, join(files, 'usr/local/bin/java'))
}

// Does what upstream's program of this name does, whose language the image lacks: a variable with the name of a setting
// (also of one in a comment) replaces its line; one with the prefix is added where there is none, at the end of the file
// as it stands, even when its last line has no end.
const APPLY_CONFIG = `#!/bin/sh -e
for file; do
  [ -z "$(tail -c 1 "$file")" ] && open=0 || open=1
  awk -v open=$open '
    { lines[NR] = $0; if (split($0, parts, "=") > 1) { key = parts[1]; gsub(/^#|[ \\t]/, "", key); place[key] = NR } }
    END {
      for (name in ENVIRON) {
        key = name
        prefixed = sub(/^PULSAR_PREFIX_/, "", key)
        line = key "=" ENVIRON[name]
        if (key in place) { lines[place[key]] = line; if (place[key] == NR) open = 0 }
        else if (prefixed) added[++count] = line
      }
      for (i = 1; i < NR; i++) print lines[i]
      printf "%s", lines[NR]
      if (!open || count == 0) print ""
      for (i = 1; i <= count; i++) print added[i]
    }' "$file" > /tmp/applied
  cat /tmp/applied > "$file"
done
`

async function addPulsar(files: string, signal: AbortSignal): Promise<void> {
  const { home } = await installPulsar(() => {}, signal)
  await addJava(files)
  const pulsar = join(files, 'pulsar')
  await tool('cp', ['-a', home, pulsar], signal)
  await write(pulsar, 'bin/apply-config-from-env.py', APPLY_CONFIG, 0o755)
  // The first lines of its scripts ask for it.
  await symlink('/bin/busybox', join(files, 'usr/bin/env'))
  for (const folder of ['data', 'logs']) await mkdir(join(pulsar, folder), { recursive: true })
  const own = ['conf', 'data', 'logs'].map((folder) => join(pulsar, folder))
  await tool('chown', ['-R', `${PULSAR_USER}:0`, ...own], signal)
}

async function addRabbitmq(files: string): Promise<void> {
  // Debian's own wrappers would change the user by programs that need more of a system.
  for (const name of ['rabbitmq-server', 'rabbitmqctl']) {
    const script = `#!/bin/sh\nexec /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/${name} "$@"\n`
    await write(files, `usr/local/bin/${name}`, script, 0o755)
  }
  await write(files, 'usr/local/bin/docker-entrypoint.sh', '#!/bin/sh\nexec "$@"\n', 0o755)
  await mkdir(join(files, 'etc/rabbitmq/conf.d'), { recursive: true })
}

async function write(files: string, path: string, text: string, mode = 0o644): Promise<void> {
  const file = join(files, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text, { mode })
}
