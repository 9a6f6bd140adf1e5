import { isRecord, parseJson } from '../../api/json.ts'
import { seal, unseal } from '../sealed.ts'

/**
 * What the signature of a block of thinking says about the parts of Gemini's answer. Its thought signatures may stand on any part,
 * and belong back on exactly that part.
 */
export type CarriedSignature =
  /** An unsigned thought. */
  | { readonly of: 'nothing' }
  /** On the thought itself. */
  | { readonly of: 'thought'; readonly signature: string }
  /** On the part that the next block stands for; of a block of text on so many of its characters, where more was added to it. */
  | { readonly of: 'next'; readonly signature: string; readonly length?: number }
  /** On the part that the block before stands for: it came when that block had begun. */
  | { readonly of: 'previous'; readonly signature: string }
  /** On a part of empty text, which has no block of its own. */
  | { readonly of: 'empty'; readonly signature: string }
  /** A whole part of a kind that has no block. */
  | { readonly of: 'part'; readonly part: Readonly<Record<string, unknown>> }

export function sealSignature(owner: string, carried: CarriedSignature): string {
  switch (carried.of) {
    case 'nothing':
      return seal(owner, '')
    case 'part':
      return seal(owner, `p.${JSON.stringify(carried.part)}`)
    case 'next':
      return seal(owner, `n${carried.length ?? ''}.${carried.signature}`)
    default:
      return seal(owner, `${letters[carried.of]}.${carried.signature}`)
  }
}

/** Undefined where the signature is another's. What the owner's seal holds but nobody wrote is read as an unsigned thought. */
export function unsealSignature(owner: string, sealed: string): CarriedSignature | undefined {
  const payload = unseal(owner, sealed)
  if (payload === undefined) return undefined
  const [, letter, length, rest] = /^([pntbe])(\d{0,8})\.(.+)$/s.exec(payload) ?? []
  if (rest === undefined) return { of: 'nothing' }
  if (letter === 'p') {
    const part = parseJson(rest)
    return isRecord(part) ? { of: 'part', part } : { of: 'nothing' }
  }
  if (letter === 'n') return { of: 'next', signature: rest, ...(length && { length: Number(length) }) }
  const of = (['thought', 'previous', 'empty'] as const).find((name) => letters[name] === letter)
  return of ? { of, signature: rest } : { of: 'nothing' }
}

const letters = { thought: 't', previous: 'b', empty: 'e' } as const
