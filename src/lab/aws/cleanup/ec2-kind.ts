import type { Filter } from '@aws-sdk/client-ec2'
import { isOf, type Leftover, type ResourceKind, tagFilter } from './resource-kind.ts'

/** The module of EC2's client, which is loaded when it is needed. */
export type Sdk = typeof import('@aws-sdk/client-ec2')

interface Tagged {
  readonly Tags?:
    | readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]
    | undefined
}

/** How resources of one kind of EC2 are listed and removed. */
export interface KindOptions<T extends Tagged> {
  readonly kind: string
  /** Pages of what carries the tag. */
  readonly pages: (Filters: Filter[]) => AsyncIterable<readonly T[]>
  readonly id: (item: T) => string | undefined
  readonly detail?: (item: T) => string | undefined
  /** Whether it is still there; default true. */
  readonly counts?: (item: T) => boolean
  readonly remove: (id: string) => Promise<unknown>
  readonly endsLate?: boolean
}

/** The kind; what a filter has found is asked for its tag again. */
export function kindOf<T extends Tagged>(options: KindOptions<T>): ResourceKind {
  const { kind, pages, id, detail, counts, remove, endsLate = false } = options
  const find = async (experimentId: string) => {
    const found: Leftover[] = []
    for await (const page of pages([tagFilter(experimentId)]))
      for (const item of page)
        if (isOf(experimentId, item.Tags) && (counts?.(item) ?? true))
          found.push({ kind, id: id(item)!, detail: detail?.(item) ?? '' })
    return found
  }
  return { kind, find, endsLate, remove: async (leftover) => void (await remove(leftover.id)) }
}

/** One page: of calls that have no more. */
export async function* once<T>(list: () => Promise<readonly T[] | undefined>): AsyncIterable<readonly T[]> {
  yield (await list()) ?? []
}

/** The items of all pages. */
export async function* mapPages<P, T>(
  pages: AsyncIterable<P>,
  items: (page: P) => readonly T[] | undefined,
): AsyncIterable<readonly T[]> {
  for await (const page of pages) yield items(page) ?? []
}
