import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatCompletionContentPart } from 'openai/resources/chat/completions'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import { features, matrixEntry } from '../../../providers/capabilities.ts'
import { encode } from '../../../providers/openai-chat/encode.ts'
import { type ChatDialect, openaiDialect } from '../../../providers/openai-chat/index.ts'
import type { OpenAiPart } from '../../../providers/openai-chat/parts.ts'

type Body = Record<string, unknown>

const question: MessageRequest = { model: 'openai/gpt-5.2', messages: [{ role: 'user', content: 'Hi.' }] }
const schema = { type: 'object', properties: { a: { type: 'string' } } } as const
const tool = { name: 'f', input_schema: schema }
const functionTool = { type: 'function', function: { name: 'f', parameters: schema } }

function bodyOf(request: Partial<MessageRequest>, dialect: ChatDialect = openaiDialect, model = 'gpt-5.2'): Body {
  return encode({ ...question, ...request }, model, false, dialect)
}

/** What a request adds to the plainest body. */
function added(request: Partial<MessageRequest>, dialect?: ChatDialect, model?: string): Body {
  const { model: _, messages: __, ...rest } = bodyOf(request, dialect, model)
  return rest
}

function user(...content: ContentBlockParam[]): unknown {
  return bodyOf({ messages: [{ role: 'user', content }] }).messages
}

function assistant(...content: ContentBlockParam[]): unknown {
  const { messages } = bodyOf({ messages: [...question.messages, { role: 'assistant', content }] })
  return Array.isArray(messages) ? messages[1] : undefined
}

const text = (value: string): { type: 'text'; text: string } => ({ type: 'text', text: value })
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } } as const
const pngPart = { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } }

it('the parts of a message are those of the SDK', () => {
  expectTypeOf<OpenAiPart>().toExtend<ChatCompletionContentPart>()
})

describe('the system prompt', () => {
  it('is one system message; several blocks stay parts', () => {
    expect(bodyOf({ system: 'Be brief.' }).messages).toEqual([{ role: 'system', content: 'Be brief.' }, ...question.messages])
    expect(bodyOf({ system: [text('a')] }).messages).toEqual([{ role: 'system', content: 'a' }, ...question.messages])
    expect(bodyOf({ system: [text('a'), text('b')] }).messages).toEqual([
      { role: 'system', content: [text('a'), text('b')] },
      ...question.messages,
    ])
    expect(bodyOf({ system: '' }).messages).toEqual(question.messages)
  })

  it('in the middle stays in its place', () => {
    const messages: MessageRequest['messages'] = [...question.messages, { role: 'system', content: 'Now in French.' }]
    expect(bodyOf({ messages }).messages).toEqual(messages)
  })

  it('has the role that the dialect gives it', () => {
    expect(bodyOf({ system: 'x' }, { ...openaiDialect, systemRole: 'developer' }).messages).toMatchObject([
      { role: 'developer' },
      {},
    ])
  })
})

describe('what the user says', () => {
  it.each<[string, ContentBlockParam, unknown]>([
    ['an image', png, pngPart],
    [
      'an image by url',
      { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } },
      { type: 'image_url', image_url: { url: 'https://a.test/i.png' } },
    ],
    [
      'a PDF',
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,QUJD', filename: 'a.pdf' } },
    ],
    [
      'a PDF without a title',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,QUJD', filename: 'document.pdf' } },
    ],
    [
      'a file of the provider',
      { type: 'document', source: { type: 'file', file_id: 'file-1' } },
      { type: 'file', file: { file_id: 'file-1' } },
    ],
    [
      'a text document',
      { type: 'document', title: 'A', context: 'old', source: { type: 'text', media_type: 'text/plain', data: 'Alpha.' } },
      text('<document>\n<title>A</title>\n<context>old</context>\nAlpha.\n</document>'),
    ],
    [
      'a document of blocks',
      { type: 'document', source: { type: 'content', content: [text('one'), text('two')] } },
      text('<document>\none\ntwo\n</document>'),
    ],
    [
      'a search result',
      { type: 'search_result', title: 'T', source: 'https://a.test', content: [text('x'), text('y')] },
      text('<search_result>\n<title>T</title>\n<source>https://a.test</source>\nx\ny\n</search_result>'),
    ],
    [
      'audio',
      { type: 'audio', source: { type: 'base64', media_type: 'audio/mpeg', data: 'QUJD' } },
      { type: 'input_audio', input_audio: { data: 'QUJD', format: 'mp3' } },
    ],
  ])('%s', (_, block, part) => {
    expect(user(text('See:'), block)).toEqual([{ role: 'user', content: [text('See:'), part] }])
  })

  it('a lone text is a string', () => {
    expect(user(text('Hi.'))).toEqual([{ role: 'user', content: 'Hi.' }])
  })

  it('a document with images keeps them between its ends', () => {
    const document: ContentBlockParam = { type: 'document', title: 'A', source: { type: 'content', content: [text('x'), png] } }
    expect(user(document)).toEqual([
      { role: 'user', content: [text('<document>\n<title>A</title>'), text('x'), pngPart, text('</document>')] },
    ])
  })

  it('consecutive messages stay apart', () => {
    const messages: MessageRequest['messages'] = [...question.messages, { role: 'user', content: 'Well?' }]
    expect(bodyOf({ messages }).messages).toEqual(messages)
  })

  it.each<[string, ContentBlockParam, string]>([
    [
      'flac',
      { type: 'audio', source: { type: 'base64', media_type: 'audio/flac', data: 'QUJD' } },
      'messages[0].content[0].source',
    ],
    ['audio by url', { type: 'audio', source: { type: 'url', url: 'https://a.test' } }, 'messages[0].content[0].source'],
    ['an image by file id', { type: 'image', source: { type: 'file', file_id: 'f' } }, 'messages[0].content[0].source'],
    ['video', { type: 'video', source: { type: 'url', url: 'https://a.test' } }, 'messages[0].content[0]'],
  ])('%s is refused, never left out', (_, block, param) => {
    expect(() => user(block)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }))
  })
})

describe('results of tools', () => {
  it('are tool messages, in order, before what else the user says', () => {
    expect(
      user(
        text('So?'),
        { type: 'tool_result', tool_use_id: 'a', content: 'no such city', is_error: true },
        { type: 'tool_result', tool_use_id: 'b' },
        { type: 'tool_result', tool_use_id: 'c', content: [text('x'), text('y')] },
      ),
    ).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'Error: no such city' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      { role: 'tool', tool_call_id: 'c', content: 'x\ny' },
      { role: 'user', content: 'So?' },
    ])
  })

  it('with images have them follow in a user message that names the call', () => {
    expect(
      user(
        { type: 'tool_result', tool_use_id: 'a', content: [text('chart:'), png] },
        { type: 'tool_result', tool_use_id: 'b', content: 'ok' },
      ),
    ).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'chart:\n(More of this result follows in the next user message.)' },
      { role: 'tool', tool_call_id: 'b', content: 'ok' },
      { role: 'user', content: [text('Result of the tool call a:'), pngPart] },
    ])
  })

  it('that are documents of text stay in the result', () => {
    const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } } as const
    expect(user({ type: 'tool_result', tool_use_id: 'a', content: [document] })).toEqual([
      { role: 'tool', tool_call_id: 'a', content: '<document>\nx\n</document>' },
    ])
  })
})

describe('what the assistant said', () => {
  const use: ContentBlockParam = { type: 'tool_use', id: 'c1', name: 'f', input: { a: 'b' } }
  const called = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":"b"}' } }

  it('text and tool calls', () => {
    expect(assistant(text('I look.'), use)).toEqual({ role: 'assistant', content: 'I look.', tool_calls: [called] })
    expect(assistant(use)).toEqual({ role: 'assistant', content: null, tool_calls: [called] })
    expect(assistant({ ...use, input: {} })).toMatchObject({ tool_calls: [{ function: { arguments: '{}' } }] })
  })

  it('texts side by side are one text; with something between them they are paragraphs', () => {
    expect(assistant(text('a'), text('b'), use, text('c'))).toMatchObject({ content: 'ab\n\nc' })
  })

  it('thinking and the tools of other servers are left out, as the matrix says', () => {
    expect(
      assistant(
        { type: 'thinking', thinking: 'Hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
        { type: 'web_search_tool_result', tool_use_id: 's1', content: [] },
        text('Yes.'),
      ),
    ).toEqual({ role: 'assistant', content: 'Yes.' })
  })
})

describe('fields', () => {
  it.each<[string, Partial<MessageRequest>, Body]>([
    ['nothing', {}, {}],
    ['max_tokens', { max_tokens: 5 }, { max_completion_tokens: 5 }],
    ['sampling', { temperature: 0, top_p: 0.5 }, { temperature: 0, top_p: 0.5 }],
    ['top_k is dropped', { top_k: 4 }, {}],
    ['stop_sequences', { stop_sequences: ['a', 'b'] }, { stop: ['a', 'b'] }],
    ['no stop_sequences', { stop_sequences: [] }, {}],
    ['metadata.user_id', { metadata: { user_id: 'u' } }, { safety_identifier: 'u' }],
    ['service_tier auto', { service_tier: 'auto' }, { service_tier: 'auto' }],
    ['service_tier standard_only', { service_tier: 'standard_only' }, { service_tier: 'default' }],
    ['a small budget', { thinking: { type: 'enabled', budget_tokens: 2048 } }, { reasoning_effort: 'low' }],
    ['a middling budget', { thinking: { type: 'enabled', budget_tokens: 8192 } }, { reasoning_effort: 'medium' }],
    ['a large budget', { thinking: { type: 'enabled', budget_tokens: 8193 } }, { reasoning_effort: 'high' }],
    ['adaptive thinking', { thinking: { type: 'adaptive' } }, { reasoning_effort: 'medium' }],
    ['no thinking', { thinking: { type: 'disabled' } }, { reasoning_effort: 'none' }],
    ['effort', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }, { reasoning_effort: 'xhigh' }],
    [
      'effort before budget',
      { thinking: { type: 'enabled', budget_tokens: 1024 }, output_config: { effort: 'max' } },
      { reasoning_effort: 'xhigh' },
    ],
    [
      'output_format',
      { output_format: { type: 'json_schema', json_schema: schema, name: 'n', strict: true } },
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } } },
    ],
    [
      'output_config.format',
      { output_config: { format: { type: 'json_schema', schema } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'response', schema } } },
    ],
    [
      'a custom tool',
      { tools: [{ ...tool, description: 'd', strict: true, cache_control: { type: 'ephemeral' } }] },
      { tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: schema, strict: true } }] },
    ],
    ['a function tool', { tools: [{ type: 'function', ...tool }] }, { tools: [functionTool] }],
    ['tool_choice auto', { tools: [tool], tool_choice: { type: 'auto' } }, { tools: [functionTool], tool_choice: 'auto' }],
    ['tool_choice any', { tools: [tool], tool_choice: { type: 'any' } }, { tools: [functionTool], tool_choice: 'required' }],
    ['tool_choice none', { tools: [tool], tool_choice: { type: 'none' } }, { tools: [functionTool], tool_choice: 'none' }],
    [
      'tool_choice tool, one at a time',
      { tools: [tool], tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      { tools: [functionTool], tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false },
    ],
    ['tool_choice without tools', { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, {}],
    [
      'extensions',
      { temperature: 1, extensions: { openai: { seed: 1, temperature: 2 }, groq: { x: 1 } } },
      { seed: 1, temperature: 2 },
    ],
  ])('%s', (_, request, expected) => {
    expect(added(request)).toEqual(expected)
  })

  it('a stream is asked for with its usage, where the dialect needs to ask', () => {
    expect(encode(question, 'm', true, openaiDialect)).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(encode(question, 'm', true, { ...openaiDialect, asksForUsage: false })).not.toHaveProperty('stream_options')
  })

  it('have the names and limits of their dialect', () => {
    const { userId: _, serviceTiers: __, maxStopSequences: ___, ...plain } = openaiDialect
    const dialect: ChatDialect = { ...plain, maxTokensField: 'max_tokens', topK: true }
    const request: Partial<MessageRequest> = {
      max_tokens: 5,
      top_k: 4,
      metadata: { user_id: 'u' },
      service_tier: 'auto',
      stop_sequences: ['a', 'b', 'c', 'd', 'e'],
    }
    expect(added(request, dialect)).toEqual({ max_tokens: 5, top_k: 4, stop: ['a', 'b', 'c', 'd', 'e'] })
    expect(added({ metadata: { user_id: 'u' } }, { ...plain, userId: { field: 'user' } })).toEqual({ user: 'u' })
  })

  it.each([
    ['gpt-4o-mini', undefined],
    ['gpt-4.1', undefined],
    ['o3', 'low'],
    ['gpt-5-mini', 'minimal'],
    ['gpt-5-chat-latest', undefined],
    ['gpt-5.4', 'none'],
    ['a-model-of-tomorrow', 'none'],
  ])('no thinking for %s is said as %s', (model, effort) => {
    expect(added({ thinking: { type: 'disabled' } }, openaiDialect, model).reasoning_effort).toBe(effort)
  })

  it('tools of a server are refused, never left out', () => {
    const refused = expect.objectContaining({ code: 'unsupported_parameter', param: 'tools[0].type' })
    expect(() => added({ tools: [{ type: 'web_search' }] })).toThrow(refused)
  })
})

describe('the matrix', () => {
  it('says of whatever it does not carry what becomes of it', () => {
    const silent = features.filter((feature) => {
      const { treatment, note } = matrixEntry(openaiDialect.matrix, feature)
      return treatment !== 'carry' && !note
    })
    expect(silent).toEqual([])
  })

  it('points from server tools to where they are', () => {
    expect(matrixEntry(openaiDialect.matrix, 'tool.web_search')).toMatchObject({
      treatment: 'reject',
      note: expect.stringContaining('an anthropic model'),
    })
  })

  it('names no provider that is not there', () => {
    const named = features.flatMap((feature) => {
      const { note = '' } = matrixEntry(openaiDialect.matrix, feature)
      return [...note.matchAll(/\b([\w-]+)\/<model>|\buse an? ([\w-]+) model\b/g)].map(([, id, name]) => id ?? name)
    })
    expect(new Set(named)).toEqual(new Set(['anthropic']))
  })
})

describe('what is known of models', () => {
  it('knows what a model cannot do, and leaves others to the provider', () => {
    expect(openaiDialect.capabilities('gpt-4o-2024-11-20').features).toMatchObject({
      'thinking.enabled': 'unsupported',
      'block.audio': 'unsupported',
    })
    expect(openaiDialect.capabilities('gpt-4o-audio-preview').features['block.audio']).toBe('supported')
    expect(openaiDialect.capabilities('a-model-of-tomorrow').features).toEqual({})
  })
})

const requests = join(process.env.VAI_FIXTURES_DIR ?? join('..', 'shared', 'fixtures'), 'requests', 'valid')

describe.skipIf(!existsSync(requests))('valid requests (skipped where the suite of requests is not on this machine)', () => {
  it.each(existsSync(requests) ? readdirSync(requests) : [])('%s is refused by the matrix or can be said', (name) => {
    const request: MessageRequest = JSON.parse(readFileSync(join(requests, name), 'utf8'))
    const { issues } = checkCompatibility(request, openaiDialect, openaiDialect.capabilities('gpt-5-mini'))
    if (issues.length === 0) expect(encode(request, 'gpt-5-mini', true, openaiDialect)).toHaveProperty('messages')
    else expect(issues.every(({ message }) => message.length > 0)).toBe(true)
  })
})
