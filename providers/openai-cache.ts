import { paramOf } from '../api/param.ts'
import type { MessageRequest, Warning } from '../api/schemas.gen.ts'
import { takesBreakpoints } from './openai-models.ts'

/** What OpenAI's own parts bear where a prefix ends that is to be cached. */
export interface Breakpoint {
  readonly prompt_cache_breakpoint: { readonly mode: 'explicit' }
}

export const breakpoint: Breakpoint = { prompt_cache_breakpoint: { mode: 'explicit' } }

/** How the matrices of OpenAI's APIs tell what becomes of marks. */
export const marksNote =
  'From gpt-5.6 on, marks of the system prompt, of what the user says and of results are sent as prompt_cache_breakpoint, for 30 minutes whatever ttl says; the latest three count beside the one that the API sets itself. Others are left out with a warning: prefixes are cached without being marked.'

/** Whether a block bears a mark of what is to be cached. */
export function isMarked(block: object): boolean {
  return 'cache_control' in block && typeof block.cache_control === 'object' && block.cache_control !== null
}

/** The first mark of a request that the model does not get to see. */
export function markWarnings(request: MessageRequest, model: string): Warning[] {
  const taken = takesBreakpoints(model)
  for (const { path, isRead } of marksOf(request)) {
    if (taken && isRead) continue
    const message = taken
      ? `${model} takes no mark on a tool or on what the assistant said; it was left out.`
      : `${model} caches prefixes without being told where they end; the mark was left out.`
    return [{ param: paramOf([...path, 'cache_control']), code: 'dropped', message }]
  }
  return []
}

interface Mark {
  readonly path: readonly (string | number)[]
  /** Whether it stands on something that the model only reads. */
  readonly isRead: boolean
}

function* marksOf(request: MessageRequest): Generator<Mark> {
  // The API marks the end of a request by itself.
  if (isMarked(request)) yield { path: [], isRead: true }
  for (const [at, tool] of (request.tools ?? []).entries()) if (isMarked(tool)) yield { path: ['tools', at], isRead: false }
  if (Array.isArray(request.system)) {
    for (const [at, block] of request.system.entries()) if (isMarked(block)) yield { path: ['system', at], isRead: true }
  }
  for (const [index, { role, content }] of request.messages.entries()) {
    if (typeof content === 'string') continue
    for (const [at, block] of content.entries()) {
      const path = ['messages', index, 'content', at]
      if (isMarked(block)) yield { path, isRead: role !== 'assistant' }
      if (block.type !== 'tool_result' || typeof block.content === 'string') continue
      for (const [nth, part] of (block.content ?? []).entries()) {
        if (isMarked(part)) yield { path: [...path, 'content', nth], isRead: true }
      }
    }
  }
}
