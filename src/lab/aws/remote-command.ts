import { AppError } from '../../errors/app-error.ts'

/** A shell script that runs on instances, as root. */
export interface RemoteCommand {
  /** Any number; they are asked in groups. */
  readonly instanceIds: readonly string[]
  /** What it is, for the log and for AWS's console; at most 60 characters are kept. */
  readonly title: string
  readonly script: string
  /** Working directory on the instance; default: AWS's, `/usr/bin`. */
  readonly folder?: string
  /** It is killed when it runs longer; whole seconds. */
  readonly limitMs: number
  /** It is given up when an instance does not take it within this time; at least 30 s. Default 120 s. */
  readonly deliveryLimitMs?: number
  /** Where the whole output goes; without it, output is cut at 24,000 characters. */
  readonly output?: { readonly bucket: string; readonly prefix: string }
  /**
   * Environment variables that hold secrets, by the name of the SecureString parameter each is read from, on the
   * instance itself: a command and its output are kept by AWS for 30 days, for all who may read them.
   */
  readonly secrets?: Readonly<Record<string, string>>
}

/**
 * How it ended on an instance: `undelivered` when the instance never took it, `lost` when the instance vanished while
 * it ran.
 */
export type RemoteStatus = 'success' | 'failed' | 'timedOut' | 'cancelled' | 'undelivered' | 'lost'

export interface RemoteOutcome {
  readonly instanceId: string
  readonly status: RemoteStatus
  /** Exit status of the script; null when it did not end by itself. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** Whether some output is missing: it was too long, and nowhere else to be had. */
  readonly isCut: boolean
}

/** Status of a script that could not read a secret. */
export const SECRET_UNREADABLE = 97

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const PARAMETER = /^\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/

/** The script with the lines before it that read its secrets. Throws `AppError('CONFIG')` for a name that is none. */
export function scriptWithSecrets(
  { script, secrets = {} }: Pick<RemoteCommand, 'script' | 'secrets'>,
  region: string,
): string {
  const lines = Object.entries(secrets).map(([variable, parameter]) => {
    if (!VARIABLE.test(variable)) throw badName('the name of an environment variable', variable)
    if (!PARAMETER.test(parameter)) throw badName('the name of a parameter', parameter)
    const ask = `aws ssm get-parameter --region '${region}' --name '${parameter}' --with-decryption --query Parameter.Value --output text`
    return `${variable}=$(${ask}) || { echo 'cannot read parameter ${parameter}' >&2; exit ${SECRET_UNREADABLE}; }\nexport ${variable}`
  })
  return [...lines, script].join('\n')
}

function badName(what: string, got: string): AppError {
  return new AppError('CONFIG', `expected ${what}, got ${JSON.stringify(got)}`, {
    hint: 'letters, digits and _; parameters also / . and -',
  })
}
