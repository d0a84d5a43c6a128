import { AppError } from '../errors/app-error.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { deleteImages } from '../lab/images/delete-images.ts'
import { amiVerb, explained, readAmiOptions } from './ami-options.ts'
import type { Output } from './output.ts'
import { rawValues } from './raw-options.ts'

/** `bench ami delete`: a dry run without `--execute`, as with `bench cleanup`. */
export function runAmiDelete(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return amiVerb(
    'delete',
    'Delete images that bench made, with their snapshots',
    argv,
    (command) =>
      command
        .option('--ami-id <id>', 'Image to delete (repeatable)')
        .option('--execute', 'Delete; without it, only say what would be deleted')
        .example('bench ami delete --ami-id ami-0123456789abcdef0 --execute'),
    async () => {
      const ids = rawValues(argv, 'ami-id')
      if (ids.length === 0)
        throw new AppError('USAGE', 'expected --ami-id, got none', { hint: 'bench ami list' })
      const { project, context, isJson } = await readAmiOptions(argv, out)
      const executes = argv.includes('--execute')
      const report = await explained('the deletion', () =>
        deleteImages({ ids, project, executes }, context, signal),
      )
      if (isJson) out.stdout(JSON.stringify(report))
      else if (executes) out.stderr(`${report.deleted.length} deleted, ${report.kept.length} left`)
      else out.stderr('dry run: nothing was deleted; add --execute')
      return report.exitCode
    },
  )
}
