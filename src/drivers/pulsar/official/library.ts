import { createRequire } from 'node:module'
import type { MissingPart } from '../../../driver/driver.ts'
import { AppError, messageOf } from '../../../errors/app-error.ts'

/**
 * The parts of the npm package `pulsar-client` that are used here. Types of our own: where the optional package is not
 * installed, neither the type checker nor the bundler may look for it.
 */
export interface OfficialLibrary {
  readonly Client: new (config: Readonly<Record<string, unknown>>) => OfficialClient
  readonly AuthenticationToken: new (config: { readonly token: string }) => object
}

/** Every promise rejects with an `Error` whose message ends in the name of a result, e.g. `…: TimeOut`. */
export interface OfficialClient {
  createProducer(config: Readonly<Record<string, unknown>>): Promise<OfficialProducer>
  subscribe(config: Readonly<Record<string, unknown>>): Promise<OfficialConsumer>
  close(): Promise<unknown>
}

export interface OfficialProducer {
  /** Copies the bytes before it returns; resolves with the broker's acknowledgement. */
  send(message: { readonly data: Buffer; readonly partitionKey?: string }): Promise<unknown>
  flush(): Promise<unknown>
  close(): Promise<unknown>
}

export interface OfficialConsumer {
  batchReceive(): Promise<readonly OfficialMessage[]>
  acknowledge(message: OfficialMessage): Promise<unknown>
  acknowledgeCumulative(message: OfficialMessage): Promise<unknown>
  close(): Promise<unknown>
}

export interface OfficialMessage {
  /** A copy of its own. */
  getData(): Buffer
  getRedeliveryCount(): number
}

export interface LoadedLibrary {
  readonly library: OfficialLibrary
  /** Name and version, as the result names the client. */
  readonly name: string
}

const PACKAGE: string = 'pulsar-client'

/** Imports a module by name; another one than the runtime's only in tests. */
export type Importer = (specifier: string) => Promise<unknown>
const importModule: Importer = (specifier) => import(specifier)

/** What keeps the package from being used on this machine, with the command that helps; null when it loads. */
export async function missingLibrary(importer: Importer = importModule): Promise<MissingPart | null> {
  try {
    await importer(PACKAGE)
    return null
  } catch (error) {
    return missingPart(error)
  }
}

/** Loads the package with its addon. Throws `AppError('CONFIG')` where it cannot be loaded. */
export async function loadLibrary(importer: Importer = importModule): Promise<LoadedLibrary> {
  try {
    const loaded = (await importer(PACKAGE)) as { default?: OfficialLibrary } & OfficialLibrary
    const { version } = createRequire(import.meta.url)(`${PACKAGE}/package.json`) as { version: string }
    return { library: loaded.default ?? loaded, name: `${PACKAGE} ${version}` }
  } catch (error) {
    const { what, hint } = missingPart(error)
    throw new AppError('CONFIG', what, { hint, cause: error })
  }
}

function missingPart(error: unknown): MissingPart {
  const native = 'or use client: native, which needs nothing'
  const words = messageOf(error).split('\n', 1)[0]!
  if (/cannot find (module|package) ['"]?pulsar-client['"]?( |$)/i.test(words)) {
    return {
      what: `expected the optional npm package ${PACKAGE}, it is not installed`,
      hint: `install the packages of bun.lock with the optional ones: bun install --frozen-lockfile; ${native}`,
    }
  }
  const got = /cannot find module .*pulsar\.node/i.test(words) ? 'it is not there' : `it fails: ${words}`
  return {
    what: `expected the native addon of the npm package ${PACKAGE}, ${got}`,
    hint: `run \`npm rebuild ${PACKAGE}\` in the folder of bench, which downloads or builds it; ${native}`,
  }
}
