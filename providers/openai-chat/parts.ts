import { GatewayError } from '../../api/error.ts'
import type { AudioBlockParam, CacheControl, ContentBlockParam, DocumentBlockParam } from '../../api/schemas.gen.ts'
import { framed, framedContent } from '../framed.ts'
import { type Breakpoint, breakpoint } from '../openai-cache.ts'
import type { ChatDialect } from './dialect.ts'

/** What differs between servers in what a message may hold. */
export interface PartDialect extends Pick<ChatDialect, 'fileParts' | 'videoParts'> {
  /** How a part is marked that ends what is to be cached; undefined where none is. */
  readonly marks: 'cache_control' | 'prompt_cache_breakpoint' | undefined
}

/** A part of a message's content: OpenAI's, and what some servers know besides. */
export type Part = (OpenAiPart | VideoPart | DocumentUrlPart) & Marked
export type TextPart = Extract<OpenAiPart, { type: 'text' }> & Marked

export interface Marked {
  cache_control?: CacheControl
  prompt_cache_breakpoint?: Breakpoint['prompt_cache_breakpoint']
}

/** Those of OpenAI's own API. */
export type OpenAiPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'input_audio'; input_audio: { data: string; format: 'wav' | 'mp3' } }
  | { type: 'file'; file: { file_data?: string; filename?: string; file_id?: string } }

interface VideoPart {
  readonly type: 'video_url'
  readonly video_url: { readonly url: string }
}
interface DocumentUrlPart {
  readonly type: 'document_url'
  readonly document_url: string
  readonly document_name?: string
}

/** A block of the user as parts; a mark of what is to be cached stands on the last. */
export function userParts(block: ContentBlockParam, path: string, dialect: PartDialect): Part[] {
  const parts = unmarkedParts(block, path, dialect)
  const mark = markOf(block, dialect)
  const last = mark && parts.pop()
  return last ? [...parts, { ...last, ...mark }] : parts
}

/** The mark of a block as the server takes it, where it does. */
export function markOf(block: object, { marks }: Pick<PartDialect, 'marks'>): Marked | undefined {
  if (!marks || !('cache_control' in block) || !isMark(block.cache_control)) return undefined
  return marks === 'cache_control' ? { cache_control: block.cache_control } : breakpoint
}

/** The mark that a part bears. */
export function markOn({ cache_control: mark, prompt_cache_breakpoint: point }: Marked): Marked | undefined {
  if (mark) return { cache_control: mark }
  return point && { prompt_cache_breakpoint: point }
}

function isMark(value: unknown): value is CacheControl {
  return typeof value === 'object' && value !== null
}

function unmarkedParts(block: ContentBlockParam, path: string, dialect: PartDialect): Part[] {
  switch (block.type) {
    case 'text':
      return [textPart(block.text)]
    case 'image': {
      const { source } = block
      if (source.type === 'file') return refuse('image file', `${path}.source`)
      return [imagePart(source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`)]
    }
    case 'document':
      return documentParts(block, path, dialect)
    case 'search_result': {
      const text = block.content.map((part) => part.text).join('\n')
      return [textPart(framed('search_result', { title: block.title, source: block.source }, text))]
    }
    case 'audio':
      return [audioPart(block, path)]
    case 'video': {
      const { source } = block
      if (!dialect.videoParts) return refuse('video', path)
      if (source.type === 'file') return refuse('video file', `${path}.source`)
      const url = source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`
      return [{ type: 'video_url', video_url: { url } }]
    }
    default:
      return refuse(block.type, path)
  }
}

function documentParts(block: DocumentBlockParam, path: string, dialect: PartDialect): Part[] {
  const { source } = block
  const about = { title: block.title ?? undefined, context: block.context ?? undefined }
  switch (source.type) {
    case 'base64':
      return [...contextParts(about.context), filePart(`data:${source.media_type};base64,${source.data}`, block.title, dialect)]
    case 'url':
      if (dialect.fileParts === 'file') return refuse('document by url', `${path}.source`)
      return [...contextParts(about.context), filePart(source.url, block.title, dialect)]
    case 'file':
      return [...contextParts(about.context), { type: 'file', file: { file_id: source.file_id } }]
    case 'text':
      return [textPart(framed('document', about, source.data))]
    case 'content':
      return framedContent(about, source.content, textPart, (part) => userParts(part, `${path}.source`, dialect))
  }
}

/** `url` may hold the file itself. */
function filePart(url: string, title: string | null | undefined, { fileParts }: PartDialect): Part {
  if (fileParts === 'document_url') return { type: 'document_url', document_url: url, ...(title && { document_name: title }) }
  return { type: 'file', file: { file_data: url, filename: title || 'document.pdf' } }
}

function contextParts(context: string | undefined): Part[] {
  return context ? [textPart(`About the document that follows: ${context}`)] : []
}

function audioPart(block: AudioBlockParam, path: string): Part {
  const { source } = block
  const format = audioFormatOf(source)
  if (source.type !== 'base64' || !format) return refuse('audio other than base64 wav or mp3', `${path}.source`)
  return { type: 'input_audio', input_audio: { data: source.data, format } }
}

/** The API's name for the form of an audio; undefined for what it does not take. */
export function audioFormatOf(source: AudioBlockParam['source']): 'wav' | 'mp3' | undefined {
  return source.type === 'base64' ? audioFormats[source.media_type] : undefined
}

const audioFormats: Readonly<Record<string, 'wav' | 'mp3'>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
}

export function textPart(text: string): TextPart {
  return { type: 'text', text }
}

function imagePart(url: string): Part {
  return { type: 'image_url', image_url: { url } }
}

/** A lone text is sent as a string: servers that know nothing but text understand it. */
export function plain<Each extends Part>(parts: Each[]): string | Each[] {
  const [first] = parts
  if (!first) return ''
  return parts.length === 1 && first.type === 'text' && !markOn(first) ? first.text : parts
}

export function refuse(what: string, param: string): never {
  throw new GatewayError('unsupported_parameter', { message: `${param}: Chat Completions does not take ${what}.`, param })
}
