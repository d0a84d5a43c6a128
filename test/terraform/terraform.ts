import { existsSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type CommandOutput, runCommand } from '../../src/brokers/provision/index.ts'

export const ROOT = resolve(import.meta.dir, '../..')

const LIMIT_MS = 300_000
/** Where systems keep mirrors of Terraform's providers, beside what `$BENCH_TERRAFORM_MIRROR` names. */
const MIRROR_HOMES = [
  '/opt',
  '/usr/local/share',
  '/usr/local/lib',
  '/usr/share',
  join(homedir(), '.terraform.d'),
]

/** A folder that holds the AWS provider for this machine as `HOST/hashicorp/aws/VERSION/OS_ARCH/…`; null without one. */
export function providerMirror(): string | null {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const pattern = `*/hashicorp/aws/*/${process.platform}_${architecture}/*`
  const named = process.env.BENCH_TERRAFORM_MIRROR
  const homes = named === undefined ? MIRROR_HOMES.flatMap(foldersOf) : [named]
  return homes.find((home) => [...filesOf(home, pattern)].length > 0) ?? null
}

function foldersOf(home: string): string[] {
  const below = [...filesOf(home, '*')].map((name) => join(home, name))
  return [home, ...below]
}

function filesOf(folder: string, pattern: string): Iterable<string> {
  if (!existsSync(folder)) return []
  return new Bun.Glob(pattern).scanSync({ cwd: folder, onlyFiles: false })
}

/** A copy of `terraform/` in which commands run: they would leave lock files and links in the checkout. */
export interface TerraformCopy {
  /** Folder of the copy, which stands for `terraform/`. */
  readonly folder: string
  /** Runs `terraform ARGS` in a folder below the copy; never throws but for the signal. */
  run(below: string, args: readonly string[]): Promise<CommandOutput>
  /** The same with standard output to a file, for output beyond what `run` keeps. */
  runToFile(below: string, args: readonly string[], file: string): Promise<CommandOutput>
}

// Nothing of a user's account is ever touched.
const NO_ACCOUNT = {
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
}

/** What a copy has beside its files. */
export interface CopyOptions {
  /** Environment that names the account; default: none that exists. */
  readonly account?: Readonly<Record<string, string>>
  readonly limitMs?: number
}

/** Copies `terraform/` below `folder`; providers come from `mirror` alone (null: configurations that need none). */
export async function copyTerraform(
  folder: string,
  mirror: string | null,
  signal: AbortSignal,
  { account = NO_ACCOUNT, limitMs = LIMIT_MS }: CopyOptions = {},
): Promise<TerraformCopy> {
  const copy = join(folder, 'terraform')
  await mkdir(folder, { recursive: true })
  await cp(join(ROOT, 'terraform'), copy, {
    recursive: true,
    filter: (path) => !/\.terraform|tfstate/.test(path),
  })
  const settings = join(folder, 'terraform.rc')
  const installation = `provider_installation {\n  filesystem_mirror {\n    path = "${mirror ?? folder}"\n  }\n}\n`
  await writeFile(settings, `disable_checkpoint = true\n${installation}`)
  const env = {
    ...process.env,
    TF_CLI_CONFIG_FILE: settings,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    ...account,
  }
  const start = (command: string, args: readonly string[], below: string) =>
    runCommand({ command, args, env, cwd: join(copy, below), limitMs }, signal)
  return {
    folder: copy,
    run: (below, args) => start('terraform', [...args, '-no-color'], below),
    runToFile: (below, args, file) =>
      start('sh', ['-c', 'exec >"$1"; shift; exec terraform "$@"', 'sh', file, ...args, '-no-color'], below),
  }
}

/** Folders of all modules and of the root, below `terraform/`. */
export function configurations(): string[] {
  const files = new Bun.Glob('**/*.tf').scanSync({ cwd: join(ROOT, 'terraform') })
  return [...new Set([...files].map((file) => dirname(file)))].sort()
}
