import { paramOf } from '../api/param.ts'
import type { ContentBlockParam, MessageParam, Warning } from '../api/schemas.gen.ts'
import { type Capabilities, type Matrix, matrixEntry } from './capabilities.ts'

/**
 * Pictures that a model made. They stand in the assistant's turns, where hardly any provider takes a picture back: so they are shown
 * at the beginning of the user's next turn, from where every model that sees can read them.
 */

/** A picture of the assistant's, and what stands before it. */
type OfPicture = (picture: ImageBlock, before: ContentBlockParam | undefined) => boolean
type ImageBlock = Extract<ContentBlockParam, { type: 'image' }>

/**
 * The messages with the assistant's pictures moved to the user's next turn, behind the results of tools there; one that no such turn
 * follows is left out. Those that `stays` speaks for are where they were. A turn with nothing left but what `isLeftOut` is left out
 * as a whole. The list itself is returned where nothing is moved.
 */
export function withPicturesMoved(
  messages: readonly MessageParam[],
  stays: OfPicture = never,
  isLeftOut: (block: ContentBlockParam) => boolean = never,
): readonly MessageParam[] {
  if (!messages.some((message) => movable(message, stays).length > 0)) return messages
  const result: MessageParam[] = []
  let waiting: ImageBlock[] = []
  for (const message of messages) {
    const moved = movable(message, stays)
    if (moved.length > 0 && typeof message.content !== 'string') {
      for (const picture of moved) waiting.push(picture)
      const away = new Set<ContentBlockParam>(moved)
      const content = message.content.filter((block) => !away.has(block))
      if (!content.every(isLeftOut)) result.push({ ...message, content })
    } else if (waiting.length > 0 && message.role === 'user') {
      result.push({ ...message, content: withPictures(message.content, waiting) })
      waiting = []
    } else {
      result.push(message)
    }
  }
  return result
}

/** What to tell of pictures that no turn of the user follows. */
export function strandedPictures(messages: readonly MessageParam[], stays: OfPicture = never): Warning[] {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  for (const [index, message] of messages.entries()) {
    if (index < last || typeof message.content === 'string') continue
    const [picture] = movable(message, stays)
    if (!picture) continue
    const text =
      'A picture of the assistant is shown to the model in the next turn of the user, and none follows; it was left out.'
    const path = ['messages', index, 'content', message.content.indexOf(picture), 'type']
    return [{ param: paramOf(path), code: 'dropped', message: text }]
  }
  return []
}

/** Whether a picture can be shown to a model in the form that it has. */
export function isShown({ source }: ImageBlock, matrix: Matrix, { features }: Capabilities): boolean {
  const feature = `block.image.${source.type}` as const
  return matrixEntry(matrix, feature).treatment !== 'reject' && features[feature] !== 'unsupported'
}

/** The messages without those pictures of the assistant's that cannot be shown; the list itself where all can. */
export function withoutUnshown(
  messages: readonly MessageParam[],
  isShownHere: (picture: ImageBlock) => boolean,
): readonly MessageParam[] {
  const isGone = (block: ContentBlockParam): boolean =>
    block.type === 'image' && block.source.type !== 'file' && !isShownHere(block)
  if (!messages.some(({ role, content }) => role === 'assistant' && typeof content !== 'string' && content.some(isGone))) {
    return messages
  }
  return messages.flatMap((message) => {
    if (message.role !== 'assistant' || typeof message.content === 'string') return [message]
    const content = message.content.filter((block) => !isGone(block))
    return content.length > 0 || message.content.length === 0 ? [{ ...message, content }] : []
  })
}

function movable({ role, content }: MessageParam, stays: OfPicture): ImageBlock[] {
  if (role !== 'assistant' || typeof content === 'string') return []
  return content.flatMap((block, at) => (block.type === 'image' && !stays(block, content[at - 1]) ? [block] : []))
}

function withPictures(content: MessageParam['content'], pictures: readonly ImageBlock[]): ContentBlockParam[] {
  const blocks: readonly ContentBlockParam[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const at = blocks.findLastIndex(({ type }) => type === 'tool_result') + 1
  const said: ContentBlockParam = {
    type: 'text',
    text: pictures.length > 1 ? 'The pictures of your last answer:' : 'The picture of your last answer:',
  }
  return blocks.slice(0, at).concat(said, pictures, blocks.slice(at))
}

function never(): boolean {
  return false
}
