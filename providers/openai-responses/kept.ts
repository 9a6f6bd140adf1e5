import { arrayOf, isRecord, parseJson } from '../../api/json.ts'
import type { ContentBlockParam } from '../../api/schemas.gen.ts'
import { seal, unseal } from '../sealed.ts'

/** An item of the API's input or output, as it is written there. */
export type Item = Readonly<Record<string, unknown>>

/** What the signature of a block of thinking keeps for the API, which remembers nothing itself. */
export interface Kept {
  /** Items that go back whole, in the place of the block: reasoning, calls of the API's own tools. */
  readonly items: readonly Item[]
  /** What the item of the next block has besides the block's content: its id, its phase. */
  readonly next: Item | undefined
}

/** The signature that keeps it. */
export function sealKept(owner: string, { items, next }: Kept): string {
  if (items.length === 0 && !next) return seal(owner, '')
  return seal(owner, JSON.stringify({ ...(items.length > 0 && { items }), ...(next && { next }) }))
}

/** What a signature keeps; undefined where another wrote it, or where it is not what this wrote. */
export function openKept(owner: string, signature: string): Kept | undefined {
  const payload = unseal(owner, signature)
  if (payload === undefined) return undefined
  const kept = parseJson(payload)
  if (!isRecord(kept)) return { items: [], next: undefined }
  return { items: arrayOf(kept.items).filter(isRecord), next: isRecord(kept.next) ? kept.next : undefined }
}

/** Whether a picture is the API's own, which the block of thinking before it tells. */
export function isOwnPicture(
  { source }: Extract<ContentBlockParam, { type: 'image' }>,
  before: ContentBlockParam | undefined,
  owner: string,
): boolean {
  if (source.type !== 'base64' || before?.type !== 'thinking') return false
  return openKept(owner, before.signature)?.next?.type === 'image_generation_call'
}
