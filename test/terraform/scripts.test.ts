// Goal: what runs on instances does what it says. Method: shellcheck over every script; the functions and programs of
// terraform/user-data and packer/scripts run for real in bash, with AWS's services played by small programs and a server
// on loopback. That whole systems come up from them is `npm run proof:boot`.
import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { bashBox, USER_DATA } from './bash-box.ts'
import { findShellcheck } from './shellcheck.ts'
import { ROOT } from './terraform.ts'

const box = bashBox()
const { folder, bash, standIn, read } = box
const shellcheck = await findShellcheck(new AbortController().signal)

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) => answer(new URL(request.url).pathname, request),
})
let answer: (path: string, request: Request) => Response = () => new Response('', { status: 404 })

afterAll(async () => {
  await server.stop(true)
  box.remove()
})

const LIB = `. ${join(USER_DATA, 'lib.sh')}`
const INSTALL = `. ${join(ROOT, 'packer/scripts/lib.sh')}`

test.skipIf(typeof shellcheck === 'string' && skipLoudly(`no shellcheck: ${shellcheck}`))(
  'shellcheck has nothing to say about any script',
  async () => {
    if (typeof shellcheck === 'string') return
    const patterns = [
      'terraform/user-data/*',
      'packer/scripts/*.sh',
      'packer/checks/*.sh',
      'perf/boot/*.sh',
      'test/terraform/systemctl',
    ]
    const files = patterns.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })]).sort()
    expect(files.length).toBeGreaterThan(15)
    expect(await shellcheck(files, ROOT)).toBe('')
  },
)

test('settings replace the line of their key, or get one of their own', async () => {
  const file = join(folder, 'some.conf')
  writeFileSync(file, '# a=0\na=1\n  b = 2\na=3\nlast=4')
  const settings = 'a=x=y\nb=back\\slash & more\nnew=$HOME\n'
  const { code } = await bash(`${LIB}; bench_set_all ${file} "$SETTINGS"`, { SETTINGS: settings })
  expect(code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe('# a=0\na=x=y\nb=back\\slash & more\nlast=4\nnew=$HOME\n')
})

test('a boot that fails says where, in the line that readiness is judged by', async () => {
  const boot = (body: string) =>
    bash(`${LIB}; BENCH_STATE=${folder}/state; mkdir -p $BENCH_STATE
      trap 'bench_fail "line $LINENO: status $? of: $BASH_COMMAND"' ERR; ${body}`)
  expect((await boot('ls /no/such/folder; bench_ready')).code).toBe(1)
  expect(read('state', 'boot-state')).toMatch(/^failed: line \d+: status 2 of: ls \/no\/such\/folder\n$/)
  expect((await boot('bench_until 1 "a file" test -e /no/such/file; bench_ready')).code).toBe(1)
  expect(read('state', 'boot-state')).toBe('failed: expected a file within 1 s\n')
  expect((await boot('bench_until 5 "a root" test -d /; bench_ready')).code).toBe(0)
  expect(read('state', 'boot-state')).toMatch(/^ready after \d+ s\n$/)
})

test('a download with another sum than expected is removed and refused', async () => {
  const body = 'an archive'
  const sum = createHash('sha512').update(body).digest('hex')
  const spaced = sum.toUpperCase().match(/.{8}/g)!.join(' ')
  answer = (path) => new Response(path === '/sum' ? `archive.tgz: ${spaced}\n` : body)
  const url = `http://127.0.0.1:${server.port}`
  const get = (checksum: string, published = '') =>
    bash(`${INSTALL}; rm -f got; install_download ${url}/archive.tgz ${checksum} got ${published}`)
  expect((await get(`sha512:${sum}`)).code).toBe(0)
  expect(read('got')).toBe(body)
  expect((await get('published', `${url}/sum`)).code).toBe(0)
  const wrong = await get(`sha256:${'0'.repeat(64)}`)
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain(`expected sha256 ${'0'.repeat(64)} of ${url}/archive.tgz, got `)
  expect(existsSync(join(folder, 'got'))).toBe(false)
  expect((await get('published', `${url}/archive.tgz`)).stderr).toContain('expected a SHA-512 at')
  expect((await get('md5:00')).stderr).toContain("got 'md5:00'")
})

test('a secret comes by Systems Manager, after the right to read it has arrived', async () => {
  standIn(
    'aws',
    `[ -e ${folder}/tried ] || { touch ${folder}/tried; exit 254; }; echo "$*" >${folder}/asked; printf 'opensesame\\n'`,
  )
  standIn('sleep', 'exit 0')
  const { code, stdout } = await bash(`${LIB}; bench_secret /bench/exp-1/store/password`, {
    BENCH_REGION: 'eu-west-1',
  })
  box.standBack(['sleep'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'opensesame' })
  expect(read('asked')).toContain('--name /bench/exp-1/store/password --with-decryption')
})

test('the end of a spot instance is noticed, told and carried out in order', async () => {
  const notice = '{"action": "terminate", "time": "2026-11-21T18:02:00Z"}'
  let asked = 0
  answer = (path, request) => {
    if (path === '/latest/api/token')
      return new Response(request.method === 'PUT' ? 'token' : '', { status: 200 })
    if (request.headers.get('x-aws-ec2-metadata-token') !== 'token') return new Response('', { status: 401 })
    asked++
    return asked < 3 ? new Response('', { status: 404 }) : new Response(notice)
  }
  mkdirSync(join(folder, 'spot'))
  standIn('systemctl', `echo "$*" >>${folder}/stopped`)
  const { code } = await bash(join(USER_DATA, 'spot-watch'), {
    BENCH_METADATA_URL: `http://127.0.0.1:${server.port}`,
    BENCH_SPOT_EVERY_S: '0.05',
    BENCH_SERVICES: 'store other',
    BENCH_STATE: join(folder, 'spot'),
  })
  expect(code).toBe(0)
  expect(read('spot', 'interrupted').trim()).toBe(notice)
  expect(read('stopped')).toBe('stop store\nstop other\n')
})

test('every unit runs a program as its own user, with settings that a boot script writes', () => {
  for (const file of new Bun.Glob('*.service').scanSync({ cwd: join(USER_DATA, 'systemd') })) {
    const unit = readFileSync(join(USER_DATA, 'systemd', file), 'utf8')
    const name = file.replace('.service', '')
    const value = (key: string) => new RegExp(`^${key}=(.+)$`, 'm').exec(unit)?.[1] ?? ''
    expect(value('ExecStart')).toStartWith('/')
    expect(value('Restart')).toBe('on-failure')
    expect(value('WantedBy')).toBe('multi-user.target')
    expect(value('EnvironmentFile')).toBe(`/etc/bench/${name}.env`)
    // It stops other units, which is root's right.
    expect({ name, hasUser: value('User') !== '' }).toEqual({ name, hasUser: name !== 'spot-watch' })
    const writer = name === 'spot-watch' ? 'lib.sh' : `${name}.sh`
    expect(readFileSync(join(USER_DATA, writer), 'utf8')).toContain(`/etc/bench/${name}.env`)
  }
})

test('only a disk of AWS that holds nothing is taken for data', async () => {
  // name type model | lines of NAME below it | MOUNTPOINT,FSTYPE
  const disks: Record<string, [string, number, string]> = {
    '/dev/nvme0n1': ['disk Amazon Elastic Block Store', 3, '/ xfs'],
    '/dev/nvme1n1': ['disk Amazon Elastic Block Store', 1, ' ext4'],
    '/dev/sdb': ['disk Somebody Else', 1, ''],
    '/dev/nvme2n1': ['disk Amazon Elastic Block Store', 1, ''],
  }
  const cases = Object.entries(disks).map(
    ([name, [head, lines, use]]) => `
      *"NAME,TYPE,MODEL ${name}") echo '${name} ${head}' ;;
      *"--output NAME ${name}") seq ${lines} ;;
      *"MOUNTPOINT,FSTYPE ${name}") echo '${use}' ;;`,
  )
  standIn(
    'lsblk',
    `case "$*" in ${cases.join('')}\n *) printf '%s\\n' ${Object.keys(disks).join(' ')} ;; esac`,
  )
  for (const name of ['mkfs.xfs', 'mount']) standIn(name, `echo ${name} "$@" >>${folder}/disks`)
  standIn('blkid', 'echo some-uuid')
  standIn('mountpoint', 'exit 1')
  // The table of file systems must not be this machine's.
  const lib = (await Bun.file(join(USER_DATA, 'lib.sh')).text()).replace('/etc/fstab', join(folder, 'fstab'))
  writeFileSync(join(folder, 'lib.sh'), lib)
  const { code, stderr } = await bash('. ./lib.sh; bench_data_disk')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(read('disks')).toBe('mkfs.xfs -q /dev/nvme2n1\nmount /var/lib/bench/data\n')
  expect(read('fstab')).toBe('UUID=some-uuid /var/lib/bench/data xfs noatime,nofail 0 2\n')
  await bash('. ./lib.sh; bench_data_disk', { BENCH_DATA_DISK: 'none' })
  expect(read('disks').split('\n').length).toBe(3)
})

test.skipIf(Bun.which('systemd-analyze') === null && skipLoudly('no systemd-analyze, which reads units'))(
  'systemd understands every unit',
  async () => {
    const { stderr } = await bash(
      `systemd-analyze verify --man=no --generators=no ${USER_DATA}/systemd/*.service`,
    )
    // The programs are in images.
    const said = stderr.split('\n').filter((line) => line !== '' && !line.includes('is not executable'))
    expect(said).toEqual([])
  },
)
