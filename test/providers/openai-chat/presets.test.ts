import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import { groqDialect } from '../../../providers/openai-chat/dialects/groq.ts'
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
function added(dialect: ChatDialect, model: string, request: Partial<MessageRequest>): Json {
  const { model: _, messages: __, ...rest } = encode({ ...question, ...request }, model, false, dialect)
  return rest
}

function messagesOf(dialect: ChatDialect, messages: MessageRequest['messages'], more: Partial<MessageRequest> = {}): unknown {
  return encode({ ...question, messages, ...more }, 'm', false, dialect).messages
}

const small = { thinking: { type: 'enabled', budget_tokens: 1024 } } as const
const off = { thinking: { type: 'disabled' } } as const
const adaptive = { thinking: { type: 'adaptive' } } as const
const effort = (value: 'low' | 'max'): Partial<MessageRequest> => ({
  output_config: { effort: value },
})

describe("Mistral's models", () => {
  it.each<[string, Partial<MessageRequest>, Json]>([
    ['mistral-medium-3-5', effort('low'), { reasoning_effort: 'high' }],
    ['mistral-medium-latest', off, { reasoning_effort: 'none' }],
    ['mistral-small-2603', off, { reasoning_effort: 'none' }],
    ['mistral-large-4-0', effort('low'), { reasoning_effort: 'low' }],
    ['mistral-large-4-0', effort('max'), { reasoning_effort: 'high' }],
    ['mistral-medium-latest', adaptive, { reasoning_effort: 'high' }],
    ['mistral-large-4-0', adaptive, { reasoning_effort: 'medium' }],
    ['mistral-large-2512', adaptive, {}],
    ['codestral-latest', adaptive, {}],
    ['mistral-large-2512', off, {}],
    ['codestral-latest', off, {}],
  ])('%s is asked in its own words: %j', (model, request, fields) => {
    expect(added(preset('mistral'), model, request)).toEqual(fields)
  })

  it('that do not reason are not asked to', () => {
    const { issues } = checkCompatibility(
      { ...question, ...small, ...effort('low') },
      createOpenAiChat(preset('mistral')),
      preset('mistral').capabilities('mistral-large-2512'),
    )
    expect(issues.map(({ param }) => param)).toEqual(['thinking', 'output_config.effort'])
    expect(preset('mistral').capabilities('mistral-large-4-0').features).toEqual({})
  })
})

describe('what is asked of thinking and not said', () => {
  const told = (dialect: ChatDialect, model: string, request: Partial<MessageRequest>): unknown =>
    createOpenAiChat(dialect)
      .warnings?.({ ...question, ...request }, model)
      .map(({ param }) => param)

  it.each<[string, ChatDialect, string, Partial<MessageRequest>, readonly string[]]>([
    ['no word for none', preset('lmstudio'), 'm', off, ['thinking']],
    ['a system that thinks as it does', groqDialect, 'groq/compound', small, ['thinking']],
    ['a model that does not think', groqDialect, 'llama-3.3-70b-versatile', off, []],
    ['thinking that can be turned off', preset('ollama'), 'm', off, []],
    ['an effort without thinking', preset('vllm'), 'm', { ...off, ...effort('low') }, ['output_config.effort']],
    ['an effort', preset('vllm'), 'm', effort('low'), []],
    ['adaptive thinking, which is what the model does', preset('lmstudio'), 'm', adaptive, []],
  ])('is told: %s', (_, dialect, model, request, params) => {
    expect(told(dialect, model, request)).toEqual(params)
  })
})

describe('DeepSeek, which thinks unless it is told not to', () => {
  const deepseek = preset('deepseek')
  const tools: MessageRequest['tools'] = [{ name: 'f', input_schema: { type: 'object' } }]
  const any = { tools, tool_choice: { type: 'any' } } as const
  const one = { tools, tool_choice: { type: 'tool', name: 'f' } } as const

  it.each([any, one, { ...any, ...adaptive }])(
    'does not think where a tool has to be called, and that is told: %j',
    (request) => {
      expect(added(deepseek, 'm', request)).toMatchObject({ thinking: { type: 'disabled' } })
      expect(createOpenAiChat(deepseek).check?.({ ...question, ...request }, 'm')).toEqual([])
      expect(createOpenAiChat(deepseek).warnings?.({ ...question, ...request }, 'm')).toMatchObject([
        { param: 'thinking' in request ? 'thinking' : 'tool_choice', code: 'dropped' },
      ])
    },
  )

  it('is not made to call a tool where it is to think', () => {
    const issues = createOpenAiChat(deepseek).check?.({ ...question, ...any, ...small }, 'm')
    expect(issues).toMatchObject([{ param: 'tool_choice.type', message: expect.stringContaining('disable thinking') }])
  })

  it('tells nothing of what is said as it was asked', () => {
    const provider = createOpenAiChat(deepseek)
    for (const request of [
      { ...any, ...off },
      { tools, ...small },
      { tools, tool_choice: { type: 'auto' } },
    ] as const) {
      expect(provider.check?.({ ...question, ...request }, 'm')).toEqual([])
      expect(provider.warnings?.({ ...question, ...request }, 'm')).toEqual([])
    }
    expect(added(deepseek, 'm', { tools, tool_choice: { type: 'auto' } })).not.toHaveProperty('thinking')
  })

  it('sees the field of reasoning in a conversation with tools that began elsewhere', () => {
    const elsewhere: MessageRequest['messages'] = [
      { role: 'user', content: 'Hi.' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'vai.gem-dev.' },
          { type: 'tool_use', id: 'c1', name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: '1' }] },
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'Go on.' },
    ]
    expect(messagesOf(deepseek, elsewhere)).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'c1' }], reasoning_content: '' },
      { role: 'tool' },
      { role: 'assistant', content: 'One.', reasoning_content: '' },
      { role: 'user' },
    ])
    expect(JSON.stringify(messagesOf(deepseek, elsewhere, off))).not.toContain('reasoning_content')
    expect(JSON.stringify(messagesOf(preset('xai'), elsewhere))).not.toContain('reasoning_content')
    expect(JSON.stringify(messagesOf(deepseek, [...elsewhere.slice(0, 1), ...elsewhere.slice(3)]))).not.toContain('reasoning')
  })
})
