import { escapeXml } from './answers.ts'

/** What the double knows better than moto of one instance. */
export interface InstanceFacts {
  /** Replaces its state. */
  readonly state: { readonly code: number; readonly name: string } | null
  readonly spotRequestId: string | null
  readonly stateReason: { readonly code: string; readonly message: string } | null
}

const STATE_REASON = /<stateReason>[\s\S]*?<\/stateReason>/

/** An answer of moto that lists instances, with what the double knows of them put in. */
export function rewriteInstances(xml: string, factsOf: (id: string) => InstanceFacts | null): string {
  const pieces = xml.split(/(?=<instanceId>i-)/)
  for (let i = 1; i < pieces.length; i++) {
    const id = /^<instanceId>(i-[0-9a-f]+)<\/instanceId>/.exec(pieces[i]!)?.[1]
    const facts = id === undefined ? null : factsOf(id)
    if (facts === null) continue
    // moto's reason stands before the id, in the piece before.
    if (facts.stateReason !== null) pieces[i - 1] = pieces[i - 1]!.replace(STATE_REASON, '')
    pieces[i] = rewrite(pieces[i]!, facts)
  }
  return pieces.join('')
}

function rewrite(piece: string, { state, spotRequestId, stateReason }: InstanceFacts): string {
  let text = piece
  if (state !== null)
    text = text.replace(
      /<instanceState>[\s\S]*?<\/instanceState>/,
      `<instanceState><code>${state.code}</code><name>${state.name}</name></instanceState>`,
    )
  const added = [
    spotRequestId === null ? '' : `<spotInstanceRequestId>${spotRequestId}</spotInstanceRequestId>`,
    stateReason === null ? '' : reasonOf(stateReason),
  ]
  return text.replace('</instanceId>', `</instanceId>${added.join('')}`)
}

function reasonOf({ code, message }: { readonly code: string; readonly message: string }): string {
  return `<stateReason><code>${escapeXml(code)}</code><message>${escapeXml(message)}</message></stateReason>`
}

/** Ids of all instances that an answer names. */
export function instanceIds(xml: string): string[] {
  return [...new Set([...xml.matchAll(/<instanceId>(i-[0-9a-f]+)<\/instanceId>/g)].map((match) => match[1]!))]
}
