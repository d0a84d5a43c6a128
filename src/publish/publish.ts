import { resolve, sep } from 'node:path'
import { AppError } from '../errors/app-error.ts'
import type { ExperimentResult } from '../result/result.ts'
import { type Destination, type DestinationAddress, parseDestination } from './destination.ts'
import { folderDestination } from './folder-destination.ts'
import { artifactsOf, type PublishedExperiment, publishExperiment } from './publish-experiment.ts'
import { forbiddenValues } from './redact.ts'
import { s3Destination } from './s3-destination.ts'
import { hasSite, type PublishedSite, publishSite, refuseForeignPages } from './site.ts'

export interface PublishOptions {
  /** `DIR` or `s3://bucket/prefix`. */
  readonly to: string
  /** Make a site of everything published there; one that is there is kept up to date anyway. */
  readonly site: boolean
  readonly endpoint: string | undefined
  readonly region: string | undefined
  /** Folder of all experiments, which is no place to publish to. */
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What was done. */
export interface Published {
  readonly destination: string
  readonly experiments: readonly PublishedExperiment[]
  /** Null where there is no site. */
  readonly site: PublishedSite | null
}

/**
 * Publishes experiments one after the other, then the site. Called again it changes only what is different. `results` are
 * read one at a time, so that a thousand of them need no more memory than one; `tell` is called after each. Throws
 * AppError; what was published until then stays. `open` is for tests.
 */
export async function publish(
  results: AsyncIterable<ExperimentResult>,
  options: PublishOptions,
  tell: (experiment: PublishedExperiment) => void,
  signal: AbortSignal,
  open: typeof openDestination = openDestination,
): Promise<Published> {
  const forbidden = forbiddenValues(options.environment)
  const destination = await open(options, signal)
  try {
    if (options.site) await refuseForeignPages(destination)
    const experiments: PublishedExperiment[] = []
    for await (const result of results) {
      const experiment = await publishExperiment(artifactsOf(result, forbidden), destination)
      experiments.push(experiment)
      tell(experiment)
    }
    // Asked at the end: another publisher may have made one meanwhile.
    const isSite = options.site || (await hasSite(destination))
    const site = isSite ? await publishSite(destination) : null
    return { destination: destination.shown, experiments, site }
  } finally {
    destination.close()
  }
}

async function openDestination(options: PublishOptions, signal: AbortSignal): Promise<Destination> {
  const address = parseDestination(options.to)
  if (address.kind === 's3') return await s3Destination(address, options, signal)
  refuseHome(address, options.home)
  return folderDestination(resolve(address.path), signal)
}

/** Reports lie there already, beside logs that nobody should serve. */
function refuseHome({ path }: Extract<DestinationAddress, { kind: 'folder' }>, home: string): void {
  const [given, experiments] = [resolve(path), resolve(home)]
  if (given !== experiments && !given.startsWith(experiments + sep)) return
  throw new AppError('CONFIG', `expected a folder outside of ${experiments} after --to, got ${given}`, {
    hint: 'experiments are kept there with their logs; publish to a folder of its own',
  })
}
