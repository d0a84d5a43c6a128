import { relative, resolve } from 'node:path'

/** Where the shipped YAML files lie, whatever the current folder is. */
export const PRODUCT_FOLDER = resolve(import.meta.dir, '../..')
export const SHIPPED_WORKLOADS = resolve(PRODUCT_FOLDER, 'workloads')
export const SHIPPED_DRIVERS = resolve(SHIPPED_WORKLOADS, 'drivers')

/** A path as a message shows it: relative when it lies below the current folder. */
export function displayPath(file: string): string {
  const near = relative(process.cwd(), file)
  return near === '' || near.startsWith('..') ? resolve(file) : near
}
