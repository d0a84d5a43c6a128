import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MetricsModule } from '../../src/metrics/index.ts'

/** A folder for modules of custom figures that tests write. */
export function moduleFolder() {
  const directory = mkdtempSync(join(tmpdir(), 'bench-metrics-'))
  let count = 0
  return {
    directory,
    write(text: string): MetricsModule {
      const shown = `figures-${++count}.ts`
      writeFileSync(join(directory, shown), text)
      return { file: join(directory, shown), shown }
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** The text of a module with these figures; each is the text of a map without its braces. */
export function figuresText(...figures: readonly string[]): string {
  return `export const figures = [${figures.map((figure) => `{ ${figure} }`).join(', ')}]\n`
}
