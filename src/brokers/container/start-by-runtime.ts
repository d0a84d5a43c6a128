import { AppError, messageOf } from '../../errors/app-error.ts'
import type { LocalBroker } from '../broker.ts'
import type { Log } from '../provision/cache.ts'
import { askedRuntime, type ContainerEngine, chooseEngine } from './engine.ts'

/** The two ways to start a local broker. */
export interface RuntimePaths {
  /** Name of the broker for messages, e.g. `kafka`. */
  readonly name: string
  readonly image: string
  /** What is asked for that its container does not serve (`a cluster`); null when the container will do. */
  readonly nativeOnly: string | null
  readonly log: Log
  readonly inContainer: (engine: ContainerEngine) => Promise<LocalBroker>
  readonly natively: () => Promise<LocalBroker>
}

/**
 * In a container where an engine answers and the container serves what is asked for, else natively; a line says why.
 * With BENCH_RUNTIME=container there is no else: what stands in the way is thrown.
 */
export async function startByRuntime(paths: RuntimePaths, signal: AbortSignal): Promise<LocalBroker> {
  const engine = await engineFor(paths, signal)
  if (engine === null) return await paths.natively()
  try {
    return await paths.inContainer(engine)
  } catch (error) {
    if (signal.aborted || askedRuntime() === 'container') throw error
    paths.log(`the container of ${paths.image} did not come up, starting natively: ${messageOf(error)}`)
    return await paths.natively()
  }
}

async function engineFor(paths: RuntimePaths, signal: AbortSignal): Promise<ContainerEngine | null> {
  const { name, image, nativeOnly, log } = paths
  if (nativeOnly === null) return await chooseEngine(image, log, signal)
  const asked = askedRuntime()
  if (asked === 'container') {
    throw new AppError('MISSING_TOOL', `expected one plain ${name} node for a container, got ${nativeOnly}`, {
      hint: 'unset BENCH_RUNTIME, or take --topology single',
    })
  }
  if (asked === 'any') log(`${name}: ${nativeOnly} is started natively, a container serves one plain node`)
  return null
}
