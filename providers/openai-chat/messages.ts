import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionContentPartText,
  ChatCompletionMessageParam,
  ChatCompletionMessageFunctionToolCall as ToolCall,
} from 'openai/resources/chat/completions'
import { GatewayError } from '../../api/error.ts'
import type {
  AudioBlockParam,
  ContentBlockParam,
  DocumentBlockParam,
  MessageRequest,
  SystemBlockParam,
  ToolResultBlockParam,
  ToolResultContentBlockParam,
} from '../../api/schemas.gen.ts'

/**
 * The system prompt and the conversation as messages of Chat Completions.
 *
 * What the matrix or the check rejects never comes here; should it come, it is refused rather than left out. The SDK's types
 * check what is written here and stay in here: the package is used without the SDK.
 */
export function encodeMessages(request: MessageRequest, systemRole: 'system' | 'developer'): readonly object[] {
  const messages: ChatCompletionMessageParam[] = []
  if (request.system?.length) messages.push(systemMessage(request.system, systemRole))
  for (const [index, { role, content }] of request.messages.entries()) {
    const path = `messages[${index}].content`
    if (role === 'system') messages.push(systemMessage(textBlocks(content, path), systemRole))
    else if (typeof content === 'string') messages.push({ role, content })
    else if (role === 'user') messages.push(...userMessages(content, path))
    else messages.push(assistantMessage(content, path))
  }
  return messages
}

function systemMessage(content: string | readonly SystemBlockParam[], role: 'system' | 'developer'): ChatCompletionMessageParam {
  return { role, content: typeof content === 'string' ? content : plain(content.map(({ text }) => textPart(text))) }
}

function textBlocks(content: string | readonly ContentBlockParam[], path: string): string | SystemBlockParam[] {
  if (typeof content === 'string') return content
  return content.map((block, at) => (block.type === 'text' ? block : refuse(block.type, `${path}[${at}]`)))
}

/** The results of tools, each as a message, and then what else the user says. */
function userMessages(content: readonly ContentBlockParam[], path: string): ChatCompletionMessageParam[] {
  const results: ChatCompletionMessageParam[] = []
  const attachments: ChatCompletionContentPart[] = []
  const rest: ChatCompletionContentPart[] = []
  for (const [at, block] of content.entries()) {
    if (block.type === 'tool_result') {
      const result = toolResult(block, `${path}[${at}]`)
      results.push({ role: 'tool', tool_call_id: block.tool_use_id, content: result.text })
      attachments.push(...result.attachments)
    } else {
      rest.push(...userParts(block, `${path}[${at}]`))
    }
  }
  const said = [...attachments, ...rest]
  // A message without content stays one, so that the conversation keeps its turns.
  return said.length > 0 || results.length === 0 ? [...results, { role: 'user', content: plain(said) }] : results
}

/** A tool's message is text alone; files and images follow it in the user's message, named by the call they belong to. */
function toolResult(block: ToolResultBlockParam, path: string): { text: string; attachments: ChatCompletionContentPart[] } {
  const content = typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? [])
  const texts: string[] = []
  const attachments: ChatCompletionContentPart[] = []
  for (const [at, item] of content.entries()) {
    const parts = resultParts(item, `${path}.content[${at}]`)
    if (parts.every((part) => part.type === 'text')) texts.push(...parts.map(({ text }) => text))
    else attachments.push(...parts)
  }
  if (attachments.length > 0) {
    texts.push('(More of this result follows in the next user message.)')
    attachments.unshift(textPart(`Result of the tool call ${block.tool_use_id}:`))
  }
  const text = texts.join('\n')
  return { text: block.is_error ? `Error: ${text}` : text, attachments }
}

function resultParts(item: ToolResultContentBlockParam, path: string): ChatCompletionContentPart[] {
  if (item.type === 'tool_reference' || item.type === 'browser_state') return refuse(item.type, path)
  return userParts(item, path)
}

function userParts(block: ContentBlockParam, path: string): ChatCompletionContentPart[] {
  switch (block.type) {
    case 'text':
      return [textPart(block.text)]
    case 'image': {
      const { source } = block
      if (source.type === 'file') return refuse('image file', `${path}.source`)
      return [imagePart(source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`)]
    }
    case 'document':
      return documentParts(block, path)
    case 'search_result': {
      const text = block.content.map((part) => part.text).join('\n')
      return [textPart(framed('search_result', { title: block.title, source: block.source }, text))]
    }
    case 'audio':
      return [audioPart(block, path)]
    default:
      return refuse(block.type, path)
  }
}

function documentParts(block: DocumentBlockParam, path: string): ChatCompletionContentPart[] {
  const { source } = block
  const about = { title: block.title ?? undefined, context: block.context ?? undefined }
  switch (source.type) {
    case 'base64': {
      const file = { file_data: `data:${source.media_type};base64,${source.data}`, filename: block.title || 'document.pdf' }
      return [...contextParts(about.context), { type: 'file', file }]
    }
    case 'file':
      return [...contextParts(about.context), { type: 'file', file: { file_id: source.file_id } }]
    case 'text':
      return [textPart(framed('document', about, source.data))]
    case 'content': {
      const content = typeof source.content === 'string' ? [{ type: 'text' as const, text: source.content }] : source.content
      if (content.every((part) => part.type === 'text')) {
        return [textPart(framed('document', about, content.map(({ text }) => text).join('\n')))]
      }
      const [start, end] = frame('document', about)
      return [textPart(start), ...content.flatMap((part) => userParts(part, `${path}.source`)), textPart(end)]
    }
    default:
      return refuse('document by url', `${path}.source`)
  }
}

function contextParts(context: string | undefined): ChatCompletionContentPart[] {
  return context ? [textPart(`About the document that follows: ${context}`)] : []
}

function audioPart(block: AudioBlockParam, path: string): ChatCompletionContentPart {
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

function assistantMessage(content: readonly ContentBlockParam[], path: string): ChatCompletionAssistantMessageParam {
  let text = ''
  // Texts that stood next to each other are one text; where something stood between them, they are paragraphs.
  let interrupted = false
  const toolCalls: ToolCall[] = []
  for (const [at, block] of content.entries()) {
    switch (block.type) {
      case 'text':
        text += interrupted && text !== '' ? `\n\n${block.text}` : block.text
        interrupted = false
        continue
      case 'tool_use':
        toolCalls.push({ id: block.id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } })
        break
      // Thinking and the tools of other providers' servers: the matrix says that they are left out.
      case 'thinking':
      case 'redacted_thinking':
      case 'server_tool_use':
      case 'web_search_tool_result':
      case 'web_fetch_tool_result':
      case 'code_execution_tool_result':
      case 'bash_code_execution_tool_result':
      case 'text_editor_code_execution_tool_result':
      case 'tool_search_tool_result':
      case 'file_search_tool_result':
      case 'mcp_tool_use':
      case 'mcp_tool_result':
        break
      default:
        return refuse(`${block.type} of the assistant`, `${path}[${at}]`)
    }
    interrupted = true
  }
  if (toolCalls.length === 0) return { role: 'assistant', content: text }
  return { role: 'assistant', content: text === '' ? null : text, tool_calls: toolCalls }
}

function textPart(text: string): ChatCompletionContentPartText {
  return { type: 'text', text }
}

function imagePart(url: string): ChatCompletionContentPart {
  return { type: 'image_url', image_url: { url } }
}

/** A lone text is sent as a string: servers that know nothing but text understand it. */
function plain<Part extends ChatCompletionContentPart>(parts: Part[]): string | Part[] {
  const [first] = parts
  if (!first) return ''
  return parts.length === 1 && first.type === 'text' ? first.text : parts
}

function framed(tag: string, about: Readonly<Record<string, string | undefined>>, text: string): string {
  const [start, end] = frame(tag, about)
  return `${start}\n${text}\n${end}`
}

function frame(tag: string, about: Readonly<Record<string, string | undefined>>): [start: string, end: string] {
  const lines = Object.entries(about).filter(([, value]) => value)
  return [[`<${tag}>`, ...lines.map(([name, value]) => `<${name}>${value}</${name}>`)].join('\n'), `</${tag}>`]
}

function refuse(what: string, param: string): never {
  throw new GatewayError('unsupported_parameter', { message: `${param}: Chat Completions does not take ${what}.`, param })
}
