import { escapeXml } from './answers.ts'

/** What the double knows better than moto of one instance. */
export interface InstanceFacts {
  /** Replaces its state. */
  readonly state: { readonly code: number; readonly name: string } | null
  readonly spotRequestId: string | null
  readonly stateReason: { readonly code: string; readonly message: string } | null
}

/** An answer of moto that lists instances, with what the double knows of them put in. */
export function rewriteInstances(xml: string, factsOf: (id: string) => InstanceFacts | null): string {
  return xml
    .split(/(?=<instanceId>i-)/)
    .map((piece) => {
      const id = /^<instanceId>(i-[0-9a-f]+)<\/instanceId>/.exec(piece)?.[1]
      const facts = id === undefined ? null : factsOf(id)
      return facts === null ? piece : rewrite(piece, facts)
    })
    .join('')
}

function rewrite(piece: string, { state, spotRequestId, stateReason }: InstanceFacts): string {
  let text = piece
  if (state !== null)
    text = text.replace(
      /<instanceState>[\s\S]*?<\/instanceState>/,
      `<instanceState><code>${state.code}</code><name>${state.name}</name></instanceState>`,
    )
  if (stateReason !== null) {
    const reason = `<stateReason><code>${escapeXml(stateReason.code)}</code><message>${escapeXml(stateReason.message)}</message></stateReason>`
    text = text.replace(/<stateReason>[\s\S]*?<\/stateReason>|<stateReason\/>/, '')
    text = text.replace('</instanceState>', `</instanceState>${reason}`)
  }
  if (spotRequestId !== null)
    text = text.replace(
      '</instanceId>',
      `</instanceId><spotInstanceRequestId>${spotRequestId}</spotInstanceRequestId>`,
    )
  return text
}

/** Ids of all instances that an answer names. */
export function instanceIds(xml: string): string[] {
  return [...new Set([...xml.matchAll(/<instanceId>(i-[0-9a-f]+)<\/instanceId>/g)].map((match) => match[1]!))]
}
