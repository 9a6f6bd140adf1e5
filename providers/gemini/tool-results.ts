import type { ToolResultBlockParam } from '../../api/schemas.gen.ts'
import type { GeminiDialect } from './dialect.ts'
import { mediaParts, refuse } from './media.ts'
import type { KnownCall } from './messages.ts'
import type { Blob, Part } from './wire.ts'

export interface ResultContext {
  readonly call: KnownCall
  readonly dialect: GeminiDialect
  /** Whether files may be part of the response itself. */
  readonly filesInside: boolean
}

/** The function response, and what it cannot hold: the parts that follow it in the same turn, after a text that says whose they are. */
export function toolResultParts(
  block: ToolResultBlockParam,
  path: string,
  { call: { name, id }, dialect, filesInside }: ResultContext,
): [response: Part, ...following: Part[]] {
  const content = typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? [])
  const texts: string[] = []
  const inside: { inlineData: Blob }[] = []
  const following: Part[] = []
  for (const [at, item] of content.entries()) {
    if (item.type === 'tool_reference' || item.type === 'browser_state') {
      return refuse(item.type, `${path}.content[${at}]`, dialect)
    }
    for (const part of mediaParts(item, `${path}.content[${at}]`, dialect)) {
      if (part.text !== undefined) texts.push(part.text)
      else if (part.inlineData && filesInside) inside.push({ inlineData: part.inlineData })
      else following.push(part)
    }
  }
  if (following.length > 0) {
    texts.push('(More of this result follows.)')
    following.unshift({ text: `Of the result of ${name}:` })
  }
  const said = texts.join('\n')
  const response = block.is_error ? { error: said } : { output: said }
  return [
    { functionResponse: { ...(id !== undefined && { id }), name, response, ...(inside.length > 0 && { parts: inside }) } },
    ...following,
  ]
}
