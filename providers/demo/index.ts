import { GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import { newId } from '../../api/id.ts'
import type { ContentBlockParam, CustomTool, FunctionTool, MessageRequest, Tool, Usage } from '../../api/schemas.gen.ts'
import { type Feature, type Matrix, type MatrixEntry, matrixOf } from '../capabilities.ts'
import type { Call, KnownModel, LlmProvider } from '../provider.ts'
import { sampleOf } from './sample.ts'

/**
 * Two models that need no key, so that the gateway can be tried and tested: `demo/echo` says the last user text again, word by
 * word; `demo/tools` calls the first tool it is offered, with the URL it was told of where the tool wants one, and then reports the
 * result. They say the same to the same request.
 */
export const demo: LlmProvider = {
  id: 'demo',
  name: 'Demo',
  upstream: undefined,
  demo: true,
  matrix: demoMatrix(),
  stopReasons: { end_turn: 'end_turn', max_tokens: 'max_tokens', tool_use: 'tool_use' },
  models: demoModels(),
  capabilities: () => ({ features: {}, defaultMaxTokens: 4096 }),
  stream,
}

async function* stream(request: MessageRequest, call: Call): AsyncGenerator<StreamItem> {
  if (!demoModels().some(({ name }) => name === call.model)) throw unknownModel(request.model)
  const usage: Usage = { input_tokens: countWords(textOf(request)), output_tokens: 0 }
  const id = newId('msg', call.clock.wallclock())
  yield {
    type: 'message_start',
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: request.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  }
  const tool = call.model === 'tools' ? chosenTool(request) : undefined
  yield* tool ? callTool(tool, request, call) : say(call.model === 'tools' ? report(request) : lastUserText(request), request)
  yield { type: 'message_stop' }
}

function demoModels(): readonly KnownModel[] {
  return [
    { name: 'echo', displayName: 'Echo (demo)', released: '2026-11-21' },
    { name: 'tools', displayName: 'Tools (demo)', released: '2026-11-21' },
  ]
}

function unknownModel(model: string): GatewayError {
  const known = demoModels().map(({ name }) => `demo/${name}`)
  const message = `There is no model ${JSON.stringify(model.slice(0, 200))}; the demo models are ${known.join(' and ')}.`
  return new GatewayError('unknown_model', { param: 'model', message })
}

function* say(text: string, request: MessageRequest): Generator<StreamItem> {
  const { words, stopReason, stopSequence } = within(text, request)
  if (words.length > 0) {
    yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    // A book is not said word by word: that would keep everybody else waiting.
    const together = Math.ceil(words.length / maxDeltas)
    for (let at = 0; at < words.length; at += together) {
      const text = words.slice(at, at + together).join('')
      yield { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
    }
    yield { type: 'content_block_stop', index: 0 }
  }
  yield {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: stopSequence },
    usage: { output_tokens: words.length },
  }
}

const maxDeltas = 2000

function* callTool(tool: CustomTool | FunctionTool, request: MessageRequest, call: Call): Generator<StreamItem> {
  const input = JSON.stringify(sampleOf(tool.input_schema, urlIn(lastUserText(request))))
  const id = newId('toolu', call.clock.wallclock())
  yield { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id, name: tool.name, input: {} } }
  for (let at = 0; at < input.length; at += 16) {
    yield { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: input.slice(at, at + 16) } }
  }
  yield { type: 'content_block_stop', index: 0 }
  yield {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: Math.ceil(input.length / 16) },
  }
}

/** The text as far as the stop sequences and `max_tokens` let it go, a word being a token. */
function within(
  text: string,
  request: MessageRequest,
): { words: string[]; stopReason: 'end_turn' | 'max_tokens' | 'stop_sequence'; stopSequence: string | null } {
  const stops = (request.stop_sequences ?? [])
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
  const stop = stops.sort((a, b) => a.at - b.at)[0]
  const words = (stop ? text.slice(0, stop.at) : text).match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []
  if (request.max_tokens !== undefined && words.length > request.max_tokens) {
    return { words: words.slice(0, request.max_tokens), stopReason: 'max_tokens', stopSequence: null }
  }
  return { words, stopReason: stop ? 'stop_sequence' : 'end_turn', stopSequence: stop?.sequence ?? null }
}

/** The tool to call: the one that is asked for or the first of the caller's own; none where its result has just come. */
function chosenTool(request: MessageRequest): CustomTool | FunctionTool | undefined {
  const choice = request.tool_choice
  const tools = (request.tools ?? []).filter(isOwnTool)
  if (choice?.type === 'none' || resultsOf(request).length > 0) return undefined
  return choice?.type === 'tool' ? tools.find((tool) => tool.name === choice.name) : tools[0]
}

function report(request: MessageRequest): string {
  const results = resultsOf(request)
  if (results.length === 0) return lastUserText(request)
  const names = new Map(
    request.messages
      .flatMap((message) => blocksOf(message.content))
      .flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.name]] : [])),
  )
  return results
    .map((result) => {
      const said =
        typeof result.content === 'string'
          ? result.content
          : (result.content ?? []).map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join(' ')
      return `The tool ${names.get(result.tool_use_id) ?? result.tool_use_id} ${result.is_error ? 'failed' : 'answered'}: ${said || 'nothing'}`
    })
    .join('\n')
}

function resultsOf(request: MessageRequest): Extract<ContentBlockParam, { type: 'tool_result' }>[] {
  return blocksOf(request.messages.at(-1)?.content ?? []).filter((block) => block.type === 'tool_result')
}

function lastUserText(request: MessageRequest): string {
  const content = request.messages.findLast((message) => message.role === 'user')?.content ?? ''
  return typeof content === 'string'
    ? content
    : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}

/** The first URL of the web in a text, without what ends the sentence that it stands in. */
function urlIn(text: string): string | undefined {
  const found = /https?:\/\/[^\s<>"'`)\]}]{1,2000}/i.exec(text)?.[0].replace(/[.,;:!?]{1,10}$/, '')
  return found && URL.canParse(found) ? found : undefined
}

function textOf(request: MessageRequest): string {
  const system = typeof request.system === 'string' ? request.system : (request.system ?? []).map((block) => block.text).join(' ')
  const texts = request.messages.flatMap(({ content }) =>
    typeof content === 'string' ? [content] : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])),
  )
  return [system, ...texts].join(' ')
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

function blocksOf(content: string | ContentBlockParam[]): ContentBlockParam[] {
  return typeof content === 'string' ? [] : content
}

function isOwnTool(tool: Tool): tool is CustomTool | FunctionTool {
  return tool.type === undefined || tool.type === null || tool.type === 'custom' || tool.type === 'function'
}

/** Text, tools and their results are understood; what would only change how a real model thinks is left out and said so. */
function demoMatrix(): Matrix {
  const understood: readonly string[] = [
    'stop_sequences',
    'message.system',
    'message.prefill',
    'tool.custom',
    'tool_choice.auto',
    'tool_choice.any',
    'tool_choice.tool',
    'tool_choice.none',
    'block.tool_result.error',
  ]
  const refused: readonly string[] = ['output_format', 'output.modalities', 'output.image', 'mcp_servers', 'thread']
  return matrixOf((feature: Feature): MatrixEntry => {
    if (understood.includes(feature)) return { treatment: 'carry' }
    if (refused.includes(feature) || /^tool\.(?:web|code|computer|file|text|anthropic)/.test(feature)) {
      return { treatment: 'reject', note: 'The demo models have text and your own tools only; name a real model.' }
    }
    return { treatment: 'drop', note: 'The demo models do not look at it.' }
  })
}
