import type { ContentBlockParam, MessageRequest, TokenCount, ToolResultContentBlockParam } from '../../api/schemas.gen.ts'
import { type Feature, matrixEntry } from '../../providers/capabilities.ts'
import { outputSchemaOf } from '../../providers/output-schema.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { sealOwner } from '../../providers/sealed.ts'
import { callIdOf, isServerBlock, serverFeatureOf } from '../../providers/server-blocks.ts'

/**
 * About how many input tokens a request has, for providers that do not count them. Text is counted with OpenAI's `o200k_base`
 * vocabulary, which is near enough to others'; a picture or a document is taken at a usual size. What the provider is not sent is
 * not counted.
 */
export async function estimateTokens(
  request: Pick<MessageRequest, 'messages' | 'system' | 'tools' | 'output_format' | 'output_config'>,
  provider: Pick<LlmProvider, 'id' | 'matrix'>,
): Promise<TokenCount> {
  // The vocabulary takes tens of megabytes and some 100 ms to load: only for those who ask.
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  const parts: string[] = []
  let fixed = perMessage * request.messages.length
  for (const { content } of [{ content: request.system ?? '' }, ...request.messages]) {
    if (typeof content === 'string') parts.push(content)
    else for (const block of content) if (!isLeftOut(block, provider)) fixed += addBlock(block, parts)
  }
  if (request.tools?.length) parts.push(JSON.stringify(request.tools))
  const output = outputSchemaOf(request)
  if (output) parts.push(JSON.stringify(output.schema))
  const text = parts.join('\n')
  let tokens = 0
  let counted = 0
  while (counted < Math.min(text.length, maxCounted)) {
    const end = endOfPiece(text, counted)
    tokens += countTokens(text.slice(counted, end), asText)
    counted = end
  }
  tokens *= text.length / Math.max(counted, 1)
  return { input_tokens: Math.round(tokens + fixed), estimated: true, method: 'o200k_base' }
}

// What looks like a token of control (`<|endoftext|>`) is a caller's text like any other.
const asText = { disallowedSpecial: new Set<string>() }
// Role and separators.
const perMessage = 4
const perImage = 1500
const perDocument = 3000
// Counting more would hold up everybody else; what lies behind is taken to be as dense.
const maxCounted = 100_000
// The time to count a run without a break grows with its square: text is counted in pieces, at the cost of a token where one is cut.
const pieceLength = 256

/** Where the piece that begins here ends, which is never between the halves of a character. */
function endOfPiece(text: string, start: number): number {
  const end = start + pieceLength
  if (end >= text.length) return text.length
  // A token begins with the space before its word.
  const space = text.lastIndexOf(' ', end)
  if (space > start) return space
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end + 1 : end
}

/** Adds a block's text to the parts, and returns the tokens of what is not text. */
function addBlock(block: ContentBlockParam, parts: string[]): number {
  switch (block.type) {
    case 'text':
      parts.push(block.text)
      return 0
    case 'image':
      return perImage
    case 'document': {
      const { source, title, context } = block
      parts.push(title ?? '', context ?? '')
      if (source.type === 'text') parts.push(source.data)
      if (source.type !== 'content') return source.type === 'text' ? 0 : perDocument
      if (typeof source.content !== 'string') return source.content.reduce((tokens, part) => tokens + addBlock(part, parts), 0)
      parts.push(source.content)
      return 0
    }
    case 'tool_result': {
      const content = typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? [])
      return content.reduce((tokens, part) => tokens + addPart(part, parts), 0)
    }
    case 'audio':
    case 'audio_stt':
    case 'video':
      return perDocument
    default:
      parts.push(JSON.stringify(block))
      return 0
  }
}

function addPart(part: ToolResultContentBlockParam, parts: string[]): number {
  if (part.type !== 'tool_reference' && part.type !== 'browser_state') return addBlock(part, parts)
  parts.push(JSON.stringify(part))
  return 0
}

/** Whether the provider is not sent a block: what another wrote that only that other can read, and what it takes back from none. */
function isLeftOut(block: ContentBlockParam, { id, matrix }: Pick<LlmProvider, 'id' | 'matrix'>): boolean {
  const isDropped = (feature: Feature): boolean => matrixEntry(matrix, feature).treatment === 'drop'
  switch (block.type) {
    case 'thinking':
      return sealOwner(block.signature) !== id || isDropped('block.thinking')
    case 'redacted_thinking':
      return isDropped('block.redacted_thinking')
    default:
      return isServerBlock(block) && (sealOwner(callIdOf(block)) !== id || isDropped(serverFeatureOf(block)))
  }
}
