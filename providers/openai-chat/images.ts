import { isRecord, stringOf } from '../../api/json.ts'
import type { ContentBlock } from '../../api/schemas.gen.ts'

/** OpenRouter's form of a picture that the model made, as a block; undefined where it is none. */
export function imageOf(image: unknown): ContentBlock | undefined {
  if (!isRecord(image)) return undefined
  const url = isRecord(image.image_url) ? stringOf(image.image_url.url) : ''
  if (!url.startsWith('data:')) return url === '' ? undefined : { type: 'image', source: { type: 'url', url } }
  const comma = url.indexOf(',')
  const head = url.slice('data:'.length, comma)
  if (comma < 0 || !head.endsWith(';base64')) return undefined
  return { type: 'image', source: { type: 'base64', media_type: head.slice(0, -';base64'.length), data: url.slice(comma + 1) } }
}
