import { base64Of } from './base64.ts'
import { UsageError } from './errors.ts'
import type {
  AudioBlockParam,
  AudioSource,
  AudioSttBlockParam,
  Base64AudioSource,
  Base64ImageSource,
  Base64VideoSource,
  ContentBlockParam,
  DocumentBlockParam,
  FileSource,
  ImageBlockParam,
  Message,
  MessageParam,
  TextBlockParam,
  ToolResultBlockParam,
  ToolUseBlock,
  UrlSource,
  VideoBlockParam,
} from './generated/types.gen.ts'

/**
 * Where a block's content is: an address that the gateway or the provider fetches, as text or `URL`; a file that the provider keeps;
 * or the bytes themselves.
 */
export type BlockSource<MediaType extends string> =
  | string
  | URL
  | { readonly file_id: string }
  | { readonly bytes: Uint8Array; readonly media_type: MediaType }

/** The kinds of pictures whose bytes the contract takes. */
export type ImageMediaType = Base64ImageSource['media_type']
/** The kinds of sound whose bytes the contract takes. */
export type AudioMediaType = Base64AudioSource['media_type']
/** The kinds of films whose bytes the contract takes. */
export type VideoMediaType = Base64VideoSource['media_type']

/** A block of text. */
export function text(content: string): TextBlockParam {
  return { type: 'text', text: content }
}

/** `image('https://…')` or `image({ bytes, media_type: 'image/png' })`. */
export function image(source: BlockSource<ImageMediaType>): ImageBlockParam {
  return { type: 'image', source: sourceOf(source) }
}

/** A PDF, by its address or its bytes, or plain text. `more` is what else the block may hold, such as its title. */
export function document(
  source: BlockSource<'application/pdf'> | { readonly text: string },
  more: Omit<DocumentBlockParam, 'type' | 'source'> = {},
): DocumentBlockParam {
  const isText = typeof source === 'object' && 'text' in source
  return {
    type: 'document',
    source: isText ? { type: 'text', media_type: 'text/plain', data: source.text } : sourceOf(source),
    ...more,
  }
}

/** Sound that the model hears itself. */
export function audio(source: BlockSource<AudioMediaType>): AudioBlockParam {
  return { type: 'audio', source: sourceOf(source) }
}

/** Sound that is heard before the model is asked, which reads what was said. `more` tells the language, and what bare samples are. */
export function speech(
  source: BlockSource<AudioMediaType>,
  more: Omit<AudioSttBlockParam, 'type' | 'source'> = {},
): AudioSttBlockParam {
  const heard: AudioSource = sourceOf(source)
  return { type: 'audio_stt', source: heard, ...more }
}

/** A film, for the models that see one. */
export function video(source: BlockSource<VideoMediaType>): VideoBlockParam {
  return { type: 'video', source: sourceOf(source) }
}

/** What came of a call of a tool, by the call or its id. `isError` tells the model that the tool failed. */
export function toolResult(
  call: string | Pick<ToolUseBlock, 'id'>,
  content: NonNullable<ToolResultBlockParam['content']>,
  { isError = false }: { readonly isError?: boolean } = {},
): ToolResultBlockParam {
  const id = typeof call === 'string' ? call : call.id
  return { type: 'tool_result', tool_use_id: id, content, ...(isError && { is_error: true }) }
}

/** `userMessage('Hello!')`, or `userMessage('What is this?', image('https://…'))`. */
export function userMessage(...content: readonly (string | ContentBlockParam)[]): MessageParam {
  const [only] = content
  if (content.length === 1 && typeof only === 'string') return { role: 'user', content: only }
  return { role: 'user', content: content.map((part) => (typeof part === 'string' ? text(part) : part)) }
}

/** An answer as a message of the conversation that goes on, with all that its provider needs back. */
export function assistantMessage({ content }: Pick<Message, 'content'>): MessageParam {
  // What a provider says is what it takes: the few blocks that stand in answers alone are betas, which go back as they came.
  return { role: 'assistant', content: content.map((block) => block as ContentBlockParam) }
}

/** The calls of tools that the caller is to answer, in order. */
export function toolCallsOf({ content }: Pick<Message, 'content'>): ToolUseBlock[] {
  return content.filter((block) => block.type === 'tool_use')
}

function sourceOf<MediaType extends string>(
  source: BlockSource<MediaType>,
): UrlSource | FileSource | { type: 'base64'; media_type: MediaType; data: string } {
  if (typeof source === 'string' || source instanceof URL) return { type: 'url', url: String(source) }
  if ('file_id' in source) return { type: 'file', file_id: source.file_id }
  const { bytes, media_type } = source
  // Others become text that looks like base64 and is the content of nothing.
  if (!(bytes instanceof Uint8Array)) throw new UsageError('`bytes` is no Uint8Array.')
  return { type: 'base64', media_type, data: base64Of(bytes) }
}
