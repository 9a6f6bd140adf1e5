import { describe, expect, it } from 'vitest'
import type { MessageRequest, WebSearchTool } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import { cerebrasDialect } from '../../../providers/openai-chat/dialects/cerebras.ts'
import { groqDialect } from '../../../providers/openai-chat/dialects/groq.ts'
import { openrouterDialect } from '../../../providers/openai-chat/dialects/openrouter.ts'
import { encode } from '../../../providers/openai-chat/encode.ts'
import { type ChatDialect, createOpenAiChat } from '../../../providers/openai-chat/index.ts'
import { type Preset, type PresetName, presets } from '../../../providers/openai-chat/presets.ts'
import { dialectOf } from '../../../providers/openai-chat/quirks.ts'
import type { Json } from './chunks.ts'

const question: MessageRequest = { model: 'x/m', messages: [{ role: 'user', content: 'Hi.' }] }
const upstream = { keyHeader: 'X-Provider-Key-X', keyVariables: [], baseURLVariable: 'VAI_X_BASE_URL', defaultBaseURL: '' }

function preset(name: PresetName): ChatDialect {
  const { quirks, modelEfforts }: Preset = presets[name]
  return dialectOf({ id: name, name, upstream }, quirks, modelEfforts)
}

/** What a request adds to the plainest body. */
function added(dialect: ChatDialect, model: string, request: Partial<MessageRequest>, stream = false): Json {
  const { model: _, messages: __, ...rest } = encode({ ...question, ...request }, model, stream, dialect)
  return rest
}

function messagesOf(dialect: ChatDialect, messages: MessageRequest['messages'], more: Partial<MessageRequest> = {}): unknown {
  return encode({ ...question, messages, ...more }, 'm', false, dialect).messages
}

const small = { thinking: { type: 'enabled', budget_tokens: 1024 } } as const
const off = { thinking: { type: 'disabled' } } as const
const adaptive = { thinking: { type: 'adaptive' } } as const
const effort = (value: 'low' | 'medium' | 'high' | 'xhigh' | 'max'): Partial<MessageRequest> => ({
  output_config: { effort: value },
})

describe('thinking is asked for', () => {
  const gptOss = 'openai/gpt-oss-120b'
  const parsed = { reasoning_format: 'parsed' }
  it.each<[string, Partial<MessageRequest>, Json]>([
    [gptOss, {}, {}],
    [gptOss, small, { reasoning_effort: 'low' }],
    [gptOss, effort('max'), { reasoning_effort: 'high' }],
    [gptOss, off, { reasoning_effort: 'low' }],
    ['qwen/qwen3-32b', {}, parsed],
    ['qwen/qwen3-32b', small, { ...parsed, reasoning_effort: 'default' }],
    ['qwen/qwen3-32b', off, { ...parsed, reasoning_effort: 'none' }],
    ['qwen/qwen3-32b', adaptive, parsed],
    [gptOss, adaptive, {}],
    ['llama-3.3-70b-versatile', off, {}],
    ['groq/compound', small, {}],
    ['of-tomorrow', effort('xhigh'), { reasoning_effort: 'high' }],
    ['of-tomorrow', off, { reasoning_effort: 'none' }],
  ])('at groq of %s: %j', (model, request, fields) => {
    expect(added(groqDialect, model, request)).toEqual(fields)
  })

  it.each<[string, Partial<MessageRequest>, Json]>([
    ['gpt-oss-120b', {}, {}],
    ['gpt-oss-120b', small, { reasoning_effort: 'low' }],
    ['gpt-oss-120b', effort('xhigh'), { reasoning_effort: 'high' }],
    ['gpt-oss-120b', off, { reasoning_effort: 'low' }],
    ['zai-glm-4.7', off, { reasoning_effort: 'none', clear_thinking: false }],
    ['zai-glm-4.7', {}, { clear_thinking: false }],
    ['qwen-3.8-27b', effort('medium'), { reasoning_effort: 'medium', reasoning_format: 'parsed' }],
    ['qwen-3-coder-480b', {}, {}],
    ['llama3.1-8b', {}, {}],
  ])('at cerebras of %s: %j', (model, request, fields) => {
    expect(added(cerebrasDialect, model, request)).toEqual(fields)
  })

  it.each<[Partial<MessageRequest>, unknown]>([
    [{}, undefined],
    [adaptive, { enabled: true }],
    [
      { ...adaptive, ...effort('low') },
      { enabled: true, effort: 'low' },
    ],
    [{ thinking: { type: 'enabled', budget_tokens: 5000 } }, { enabled: true, max_tokens: 5000 }],
    [
      { ...small, ...effort('xhigh') },
      { enabled: true, effort: 'xhigh' },
    ],
    [effort('max'), { enabled: true, effort: 'max' }],
    [off, { effort: 'none' }],
  ])('at openrouter: %j', (request, reasoning) => {
    expect(added(openrouterDialect, 'a/b', request).reasoning).toEqual(reasoning)
  })

  it.each<[PresetName, Partial<MessageRequest>, Json]>([
    ['ollama', small, { reasoning_effort: 'low' }],
    ['ollama', effort('max'), { reasoning_effort: 'high' }],
    ['ollama', off, { reasoning_effort: 'none' }],
    ['vllm', small, { chat_template_kwargs: { enable_thinking: true, thinking: true }, reasoning_effort: 'low' }],
    ['vllm', off, { chat_template_kwargs: { enable_thinking: false, thinking: false } }],
    ['vllm', effort('medium'), { reasoning_effort: 'medium' }],
    ['vllm', adaptive, { chat_template_kwargs: { enable_thinking: true, thinking: true } }],
    ['ollama', adaptive, {}],
    ['deepseek', adaptive, { thinking: { type: 'enabled' } }],
    ['together', adaptive, { reasoning: { enabled: true } }],
    ['lmstudio', off, {}],
    ['deepseek', small, { thinking: { type: 'enabled' }, reasoning_effort: 'low' }],
    ['deepseek', effort('medium'), { reasoning_effort: 'medium' }],
    ['deepseek', effort('xhigh'), { reasoning_effort: 'xhigh' }],
    ['deepseek', off, { thinking: { type: 'disabled' } }],
    ['mistral', effort('low'), { reasoning_effort: 'high' }],
    ['mistral', off, {}],
    ['xai', effort('xhigh'), { reasoning_effort: 'high' }],
    ['together', small, { reasoning: { enabled: true }, reasoning_effort: 'low' }],
    ['together', off, { reasoning: { enabled: false } }],
    ['fireworks', off, { reasoning_effort: 'none' }],
    ['perplexity', effort('low'), { reasoning_effort: 'low' }],
    ['perplexity', off, {}],
    ['azure', effort('xhigh'), { reasoning_effort: 'xhigh' }],
  ])('at %s: %j', (name, request, fields) => {
    expect(added(preset(name), 'm', request)).toEqual(fields)
  })
})

describe('fields have the names of their dialect', () => {
  const all: Partial<MessageRequest> = {
    max_tokens: 5,
    top_k: 4,
    metadata: { user_id: 'u' },
    service_tier: 'standard_only',
  }
  it.each<[string, ChatDialect, Json]>([
    ['groq', groqDialect, { max_completion_tokens: 5, user: 'u', service_tier: 'on_demand' }],
    ['cerebras', cerebrasDialect, { max_completion_tokens: 5, user: 'u', service_tier: 'default' }],
    ['openrouter', openrouterDialect, { max_tokens: 5, top_k: 4, user: 'u', service_tier: 'default', usage: { include: true } }],
    ['ollama', preset('ollama'), { max_tokens: 5 }],
    ['vllm', preset('vllm'), { max_tokens: 5, top_k: 4, user: 'u' }],
    ['mistral', preset('mistral'), { max_tokens: 5 }],
    ['xai', preset('xai'), { max_completion_tokens: 5, user: 'u' }],
    ['azure', preset('azure'), { max_completion_tokens: 5, user: 'u' }],
  ])('%s', (_, dialect, fields) => {
    expect(added(dialect, 'm', all)).toEqual(fields)
  })

  it('and usage is asked for where it has to be', () => {
    for (const dialect of [cerebrasDialect, openrouterDialect, preset('ollama')])
      expect(added(dialect, 'm', {}, true)).toMatchObject({ stream_options: { include_usage: true } })
    for (const dialect of [groqDialect, preset('mistral'), preset('perplexity')])
      expect(added(dialect, 'm', {}, true)).toEqual({ stream: true })
  })
})

describe('the tools of a server', () => {
  const search = { type: 'web_search' } as const
  const full: WebSearchTool = {
    type: 'web_search',
    config: { max_uses: 2, allowed_domains: ['a.test'], user_location: { type: 'approximate', country: 'DK', city: null } },
  }
  const own = { name: 'f', input_schema: { type: 'object' } } as const
  const f = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }

  it.each<[string, ChatDialect, string, MessageRequest['tools'], Json]>([
    ['groq', groqDialect, 'openai/gpt-oss-20b', [own, search], { tools: [f, { type: 'browser_search' }] }],
    ['groq', groqDialect, 'openai/gpt-oss-20b', [{ type: 'code_execution' }], { tools: [{ type: 'code_interpreter' }] }],
    [
      'groq',
      groqDialect,
      'groq/compound',
      [full, { type: 'web_fetch' }],
      {
        compound_custom: { tools: { enabled_tools: ['web_search', 'visit_website'] } },
        search_settings: { include_domains: ['a.test'], country: 'DK' },
      },
    ],
    ['openrouter', openrouterDialect, 'a/b', [own, search], { tools: [f, { type: 'openrouter:web_search' }] }],
    [
      'openrouter',
      openrouterDialect,
      'a/b',
      [full, { type: 'web_fetch', config: { max_uses: 1, blocked_domains: ['b.test'] } }],
      {
        tools: [
          {
            type: 'openrouter:web_search',
            parameters: { max_uses: 2, allowed_domains: ['a.test'], user_location: { type: 'approximate', country: 'DK' } },
          },
          { type: 'openrouter:web_fetch', parameters: { max_uses: 1, blocked_domains: ['b.test'] } },
        ],
      },
    ],
  ])('of %s', (_, dialect, model, tools, fields) => {
    const { usage: __, ...rest } = added(dialect, model, { ...(tools && { tools }) })
    expect(rest).toEqual(fields)
  })

  it('are refused where a model has none', () => {
    const request: MessageRequest = { ...question, tools: [search] }
    const refusals = (dialect: ChatDialect, model: string): number =>
      checkCompatibility(request, createOpenAiChat(dialect), dialect.capabilities(model)).issues.length
    expect(refusals(groqDialect, 'openai/gpt-oss-20b')).toBe(0)
    expect(refusals(groqDialect, 'llama-3.3-70b-versatile')).toBe(1)
    expect(refusals(cerebrasDialect, 'gpt-oss-120b')).toBe(1)
    expect(refusals(openrouterDialect, 'a/b')).toBe(0)
    expect(refusals(preset('ollama'), 'm')).toBe(1)
  })
})

describe('what the quirks say a server does not take', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } } as const
  const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' } } as const
  const tool = { name: 'f', input_schema: { type: 'object' } } as const
  it.each<[string, ChatDialect, Partial<MessageRequest>, string]>([
    ['deepseek', preset('deepseek'), { output_format: { type: 'json_schema', json_schema: {} } }, 'output_format'],
    ['lmstudio', preset('lmstudio'), { tools: [tool], tool_choice: { type: 'tool', name: 'f' } }, 'tool_choice.type'],
    ['perplexity', preset('perplexity'), { tools: [tool] }, 'tools[0]'],
    ['groq', groqDialect, { messages: [{ role: 'user', content: [pdf] }] }, 'messages[0].content[0].source.type'],
    ['ollama', preset('ollama'), { messages: [{ role: 'user', content: [pdf] }] }, 'messages[0].content[0].source.type'],
    ['ollama', preset('ollama'), { messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0].source.type'],
    ['ollama', preset('ollama'), { tools: [tool], tool_choice: { type: 'any' } }, 'tool_choice.type'],
    [
      'a plain server',
      dialectOf({ id: 'x', name: 'X', upstream }, { ...presets.vllm.quirks, images: false }),
      { messages: [{ role: 'user', content: [image] }] },
      'messages[0].content[0].source.type',
    ],
  ])('is refused at %s, with what to do instead', (_, dialect, request, param) => {
    const { issues } = checkCompatibility({ ...question, ...request }, createOpenAiChat(dialect), {
      defaultMaxTokens: 1,
      features: {},
    })
    expect(issues).toEqual([{ param, code: expect.stringMatching(/^unsupported_/), message: expect.stringMatching(/; \w/) }])
  })
})

describe('marks of what is to be cached', () => {
  const cache_control = { type: 'ephemeral' } as const
  const request: Partial<MessageRequest> = {
    cache_control: { type: 'ephemeral', ttl: '1h' },
    system: [
      { type: 'text', text: 'Rules.', cache_control },
      { type: 'text', text: 'Today.' },
    ],
    tools: [{ name: 'f', input_schema: { type: 'object' }, cache_control }],
  }
  const messages: MessageRequest['messages'] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Long.', cache_control },
        { type: 'document', context: 'c', source: { type: 'text', media_type: 'text/plain', data: 'd' }, cache_control },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I ' },
        { type: 'text', text: 'look.', cache_control },
        { type: 'tool_use', id: 'c1', name: 'f', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'It is so.', cache_control }] },
  ]

  it('stand at openrouter where they stood', () => {
    const { messages: sent, ...fields } = encode({ ...question, ...request, messages }, 'a/b', false, openrouterDialect)
    expect(sent).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'Rules.', cache_control },
          { type: 'text', text: 'Today.' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Long.', cache_control },
          { type: 'text', text: '<document>\n<context>c</context>\nd\n</document>', cache_control },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'I look.', cache_control }],
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'It is so.', cache_control }] },
    ])
    expect(fields).toMatchObject({
      cache_control: { type: 'ephemeral', ttl: '1h' },
      tools: [{ type: 'function', function: { name: 'f' }, cache_control }],
    })
  })

  it('are left out for the others, whose contents stay plain', () => {
    const sent = encode({ ...question, ...request, messages }, 'm', false, groqDialect)
    expect(JSON.stringify(sent)).not.toContain('cache_control')
    expect(sent.messages).toMatchObject([{}, {}, { content: 'I look.' }, { content: 'It is so.' }])
  })

  it('on a call of a tool are left out, and that is said', () => {
    const marked: MessageRequest = {
      ...question,
      messages: [
        { role: 'user', content: 'Hi.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {}, cache_control }] },
      ],
    }
    expect(createOpenAiChat(openrouterDialect).warnings?.(marked, 'm')).toMatchObject([
      { code: 'dropped', param: 'messages[1].content[0].cache_control' },
    ])
    expect(createOpenAiChat(groqDialect).warnings?.(marked, 'm')).toEqual([])
    expect(createOpenAiChat(openrouterDialect).warnings?.(question, 'm')).toEqual([])
  })
})

describe('contents', () => {
  it('files and videos have the parts that the server knows', () => {
    const pdf = { type: 'document', title: 'a.pdf', source: { type: 'url', url: 'https://a.test/a.pdf' } } as const
    const video = { type: 'video', source: { type: 'base64', media_type: 'video/mp4', data: 'QUJD' } } as const
    expect(messagesOf(openrouterDialect, [{ role: 'user', content: [pdf, video] }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_data: 'https://a.test/a.pdf', filename: 'a.pdf' } },
          { type: 'video_url', video_url: { url: 'data:video/mp4;base64,QUJD' } },
        ],
      },
    ])
    expect(messagesOf(preset('mistral'), [{ role: 'user', content: [pdf] }])).toEqual([
      {
        role: 'user',
        content: [{ type: 'document_url', document_url: 'https://a.test/a.pdf', document_name: 'a.pdf' }],
      },
    ])
  })

  it('an answer that was begun is marked as Mistral wants it', () => {
    const begun: MessageRequest['messages'] = [...question.messages, { role: 'assistant', content: 'The' }]
    expect(messagesOf(preset('mistral'), begun)).toEqual([
      question.messages[0],
      { role: 'assistant', content: 'The', prefix: true },
    ])
    expect(messagesOf(openrouterDialect, begun)).toEqual(begun)
    expect(messagesOf(preset('mistral'), [...begun, { role: 'user', content: 'Go on.' }])).not.toContainEqual(
      expect.objectContaining({ prefix: true }),
    )
  })

  it('modalities are passed on where pictures can come back', () => {
    const output: Partial<MessageRequest> = { output: { modalities: ['text', 'image'] } }
    expect(added(openrouterDialect, 'a/b', output)).toMatchObject({ modalities: ['text', 'image'] })
    expect(added(groqDialect, 'm', output)).toEqual({})
  })
})
