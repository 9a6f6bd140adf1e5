import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { encode as encodeChat } from '../../providers/openai-chat/encode.ts'
import { openai, openaiDialect } from '../../providers/openai-chat/index.ts'
import { encode as encodeResponses } from '../../providers/openai-responses/encode.ts'
import { openaiResponses, openaiResponsesDialect } from '../../providers/openai-responses/index.ts'

const cache_control = { type: 'ephemeral' } as const
const point = { prompt_cache_breakpoint: { mode: 'explicit' } }

/** Marks on what the model reads, in each place where there can be one. */
const read: MessageRequest = {
  model: 'x/gpt-5.6',
  system: [
    { type: 'text', text: 'Rules.', cache_control },
    { type: 'text', text: 'Today.' },
  ],
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'Long.', cache_control }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: '1', is_error: true, cache_control }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c2', name: 'f', input: {} }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: '2', cache_control }] }],
    },
    {
      role: 'user',
      content: [{ type: 'image', source: { type: 'url', url: 'https://a.test/i.png' }, cache_control }],
    },
  ],
}

const providers = { openai, 'oai-resp': openaiResponses }

function told(changes: Partial<MessageRequest>, model: string, provider: keyof typeof providers): unknown {
  return providers[provider].warnings?.({ ...read, ...changes }, model).map(({ param }) => param)
}

describe('marks of what is to be cached', () => {
  it('are said on the parts that the model reads, over Chat Completions', () => {
    expect(encodeChat(read, 'gpt-5.6', true, openaiDialect).messages).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'Rules.', ...point },
          { type: 'text', text: 'Today.' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'Long.', ...point }] },
      expect.objectContaining({ role: 'assistant' }),
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'Error: 1', ...point }] },
      expect.objectContaining({ role: 'assistant' }),
      { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: '2', ...point }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.test/i.png' }, ...point }] },
    ])
  })

  it('are said there over the Responses API, which has the system prompt as an item then', () => {
    const body = encodeResponses(read, 'gpt-5.6', true, openaiResponsesDialect)
    expect(body).not.toHaveProperty('instructions')
    expect(body.input).toEqual([
      {
        role: 'system',
        content: [
          { type: 'input_text', text: 'Rules.', ...point },
          { type: 'input_text', text: 'Today.' },
        ],
      },
      { role: 'user', content: [{ type: 'input_text', text: 'Long.', ...point }] },
      expect.objectContaining({ type: 'function_call' }),
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [
          { type: 'input_text', text: 'Error:' },
          { type: 'input_text', text: '1', ...point },
        ],
      },
      expect.objectContaining({ type: 'function_call' }),
      { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: '2', ...point }] },
      { role: 'user', content: [{ type: 'input_image', detail: 'auto', image_url: 'https://a.test/i.png', ...point }] },
    ])
    const plain = { ...read, system: 'Rules.' }
    expect(encodeResponses(plain, 'gpt-5.6', true, openaiResponsesDialect)).toMatchObject({ instructions: 'Rules.' })
  })

  it.each(['openai', 'oai-resp'] as const)('are told where the model does not get to see them, at %s', (provider) => {
    const tools: MessageRequest['tools'] = [{ name: 'f', input_schema: { type: 'object' }, cache_control }]
    const messages: MessageRequest['messages'] = [
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content: [{ type: 'text', text: 'Hello.', cache_control }] },
      { role: 'user', content: 'Go on.' },
    ]
    expect(told({}, 'gpt-6-astra', provider)).toEqual([])
    expect(told({ cache_control }, 'gpt-6-astra', provider)).toEqual([])
    expect(told({ messages }, 'gpt-6-astra', provider)).toEqual(['messages[1].content[0].cache_control'])
    expect(told({ tools, thinking: { type: 'disabled' } }, 'gpt-5.6', provider)).toEqual(['tools[0].cache_control'])
    expect(told({}, 'gpt-5.5', provider)).toEqual(['system[0].cache_control'])
    expect(told({ cache_control }, 'gpt-4.1', provider)).toEqual(['cache_control'])
    expect(told({ system: '', messages: [{ role: 'user', content: 'Hi.' }] }, 'gpt-4.1', provider)).toEqual([])
  })

  it.each(['gpt-5.5', 'gpt-4.1', 'a-model-of-tomorrow'])('are not said to %s', (model) => {
    expect(JSON.stringify(encodeChat(read, model, true, openaiDialect))).not.toContain('cache')
    expect(JSON.stringify(encodeResponses(read, model, true, openaiResponsesDialect))).not.toContain('cache')
  })
})
