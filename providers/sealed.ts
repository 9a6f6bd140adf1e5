import type { TextCitation } from '../api/schemas.gen.ts'

/**
 * What a provider needs to see again, in a field that callers keep and send back: the signature of a block of thinking, the id of
 * a server's tool call. It is written `vai.<provider>.<payload>`, so that it goes back to that provider alone.
 *
 * Anthropic's own values stand there unsealed, because the canonical shape is Anthropic's: what has no owner is its.
 *
 * An empty block of thinking may carry, in its signature, what belongs to the block after it: clients keep such blocks where they
 * would lose a field that they do not know.
 */

/** The text to put into the field. The payload may hold any characters. */
export function seal(owner: string, payload: string): string {
  return `${mark}${owner}.${payload}`
}

/** The payload of what the owner sealed; undefined where the text is another's, or nobody's. */
export function unseal(owner: string, sealed: string): string | undefined {
  const start = `${mark}${owner}.`
  return sealed.startsWith(start) ? sealed.slice(start.length) : undefined
}

/** The id of the provider that sealed a text; undefined where none did. */
export function sealOwner(sealed: string): string | undefined {
  if (!sealed.startsWith(mark)) return undefined
  const end = sealed.indexOf('.', mark.length)
  return end < 0 ? undefined : sealed.slice(mark.length, end)
}

/** The citation of a page on the web by a provider other than Anthropic, which cannot read it: its index is empty. */
export function foreignCitation(url: string, title: string, citedText: string): TextCitation {
  const citation = { type: 'web_search_result_location', url, title, encrypted_index: '', cited_text: citedText }
  return citation
}

/** Whether a citation was written by the gateway for another provider, which Anthropic cannot read: its index is empty. */
export function isForeignCitation(citation: TextCitation): boolean {
  return citation.type === 'web_search_result_location' && 'encrypted_index' in citation && citation.encrypted_index === ''
}

const mark = 'vai.'
