import type { ExitCode } from '../errors/exit-codes.ts'
import type { Output } from './output.ts'
import { runVerb, type VerbCommand } from './verbs.ts'

const COMMAND: VerbCommand = {
  name: 'ami',
  page: 'docs/ami-guide.md',
  verbs: {
    build: {
      summary: 'Make an image with Packer',
      load: async () => (await import('./ami-build.ts')).runAmiBuild,
    },
    list: {
      summary: 'List the images that bench made',
      load: async () => (await import('./ami-list.ts')).runAmiList,
    },
    latest: {
      summary: 'Print the id of the newest image that an experiment would take',
      load: async () => (await import('./ami-list.ts')).runAmiLatest,
    },
    validate: {
      summary: 'Start one instance of an image, check what is on it, and remove it',
      load: async () => (await import('./ami-validate.ts')).runAmiValidate,
    },
    delete: {
      summary: 'Delete images with their snapshots',
      load: async () => (await import('./ami-delete.ts')).runAmiDelete,
    },
  },
}

/** `bench ami VERB …`. Throws `AppError('USAGE')` for a verb there is not. */
export function runAmi(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return runVerb(COMMAND, argv, out, signal)
}
