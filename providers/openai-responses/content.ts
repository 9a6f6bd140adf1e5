import { GatewayError } from '../../api/error.ts'
import type { ContentBlockParam, DocumentBlockParam, ToolResultBlockParam } from '../../api/schemas.gen.ts'
import { framed, framedContent } from '../framed.ts'
import { type Breakpoint, breakpoint, isMarked } from '../openai-cache.ts'

/** A part of what a model reads, as the API has it. */
export type InputPart = OwnPart & Partial<Breakpoint>

type OwnPart =
  | { readonly type: 'input_text'; readonly text: string }
  | ({ readonly type: 'input_image'; readonly detail: 'auto' } & ({ readonly image_url: string } | { readonly file_id: string }))
  | ({ readonly type: 'input_file' } & FileSource)

type FileSource =
  | { readonly filename: string; readonly file_data: string }
  | { readonly file_url: string }
  | { readonly file_id: string }

/**
 * What a block of the user's, or of a tool's result, is in the API's parts; with `marks` the last bears the block's mark of what is
 * to be cached. What the API cannot take is refused.
 */
export function inputParts(block: ContentBlockParam, path: string, marks: boolean): InputPart[] {
  const parts = unmarkedParts(block, path)
  return marks && isMarked(block) ? marked(parts) : parts
}

function marked(parts: readonly InputPart[]): InputPart[] {
  return parts.map((part, at) => (at === parts.length - 1 ? { ...part, ...breakpoint } : part))
}

function unmarkedParts(block: ContentBlockParam, path: string): InputPart[] {
  switch (block.type) {
    case 'text':
      return [textPart(block.text)]
    case 'image': {
      const { source } = block
      if (source.type === 'file') return [{ type: 'input_image', detail: 'auto', file_id: source.file_id }]
      return [imagePart(source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`)]
    }
    case 'document':
      return documentParts(block, path)
    case 'search_result': {
      const text = block.content.map((part) => part.text).join('\n')
      return [textPart(framed('search_result', { title: block.title, source: block.source }, text))]
    }
    default:
      return refuse(block.type, path)
  }
}

/** A tool's result: its text, or its parts where it is not text alone. */
export function toolOutput(block: ToolResultBlockParam, path: string, marks: boolean): string | InputPart[] {
  const content = typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? [])
  const parts = content.flatMap((item, at) =>
    item.type === 'tool_reference' || item.type === 'browser_state'
      ? refuse(item.type, `${path}.content[${at}]`)
      : inputParts(item, `${path}.content[${at}]`, marks),
  )
  if (marks && parts.length > 0 && (isMarked(block) || parts.some((part) => part.prompt_cache_breakpoint))) {
    const all = block.is_error ? [textPart('Error:'), ...parts] : parts
    return isMarked(block) ? marked(all) : all
  }
  const texts = parts.flatMap((part) => (part.type === 'input_text' ? [part.text] : []))
  if (texts.length === parts.length) return block.is_error ? `Error: ${texts.join('\n')}` : texts.join('\n')
  return block.is_error ? [textPart('Error:'), ...parts] : parts
}

/** A lone text is sent as a string: servers that know nothing but text understand it. */
export function plain(parts: InputPart[]): string | InputPart[] {
  const [first] = parts
  if (!first) return ''
  return parts.length === 1 && first.type === 'input_text' && !first.prompt_cache_breakpoint ? first.text : parts
}

export function textPart(text: string): InputPart {
  return { type: 'input_text', text }
}

export function refuse(what: string, param: string): never {
  throw new GatewayError('unsupported_parameter', { message: `${param}: the Responses API does not take ${what}.`, param })
}

function documentParts(block: DocumentBlockParam, path: string): InputPart[] {
  const { source } = block
  const about = { title: block.title ?? undefined, context: block.context ?? undefined }
  switch (source.type) {
    case 'base64': {
      const filename = block.title || 'document.pdf'
      return filePart(about.context, { filename, file_data: `data:${source.media_type};base64,${source.data}` })
    }
    case 'url':
      return filePart(about.context, { file_url: source.url })
    case 'file':
      return filePart(about.context, { file_id: source.file_id })
    case 'text':
      return [textPart(framed('document', about, source.data))]
    case 'content':
      return framedContent(about, source.content, textPart, (part) => unmarkedParts(part, `${path}.source`))
  }
}

function filePart(context: string | undefined, file: FileSource): InputPart[] {
  const before = context ? [textPart(`About the document that follows: ${context}`)] : []
  return [...before, { type: 'input_file', ...file }]
}

function imagePart(url: string): InputPart {
  return { type: 'input_image', detail: 'auto', image_url: url }
}
