import { describe, expect, it } from 'vitest'
import { ChatDecoder } from '../../../providers/openai-chat/decode.ts'
import { call, contentOf, decode, delta, type Json, messageOf, stop } from './chunks.ts'
import { context } from './drive.ts'

describe('text', () => {
  it('becomes one block, whatever empty pieces come between', () => {
    const chunks = [
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'He' }),
      delta({ content: null }),
      delta({ content: 'llo' }),
    ]
    expect(decode([...chunks, stop])).toEqual([
      {
        type: 'message_start',
        message: {
          id: 'chatcmpl-1',
          type: 'message',
          role: 'assistant',
          model: 'openai/gpt-test',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: {},
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'He' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'llo' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: {},
        metadata: { provider: { id: 'chatcmpl-1', model: 'gpt-test-1', finish_reason: 'stop' } },
      },
      { type: 'message_stop' },
    ])
  })

  it('is emitted as it comes, not held until more follows', () => {
    const decoder = new ChatDecoder({ ...context, newId: () => 'msg_1' })
    decoder.feed(delta({ content: 'a' }))
    expect(decoder.feed(delta({ content: 'b' }))).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'b' } },
    ])
  })

  it('may come as an array of parts that holds the last thinking and the first text', () => {
    const thinking = (text: string): Json => ({ type: 'thinking', thinking: [{ type: 'text', text }] })
    const mixed = delta({ content: [thinking(' done'), { type: 'text', text: 'It' }] })
    expect(contentOf([delta({ content: [thinking('Hm,')] }), mixed, delta({ content: ' is.' }), stop])).toEqual([
      { type: 'thinking', thinking: 'Hm, done', signature: 'vai.openai.' },
      { type: 'text', text: 'It is.' },
    ])
  })

  it('a refusal is text with its own stop reason', () => {
    const message = messageOf(decode([delta({ refusal: 'I ' }), delta({ refusal: 'will not.' }), stop]))
    expect([message.content, message.stop_reason]).toEqual([[{ type: 'text', text: 'I will not.' }], 'refusal'])
  })

  it('citations stand in its block', () => {
    const annotation = {
      type: 'url_citation',
      url_citation: { url: 'https://a.test/', title: 'A', content: 'said so', start_index: 0 },
    }
    expect(contentOf([delta({ content: 'Yes' }), delta({ annotations: [annotation] }), delta({ content: '.' }), stop])).toEqual([
      {
        type: 'text',
        text: 'Yes.',
        citations: [
          { type: 'web_search_result_location', url: 'https://a.test/', title: 'A', encrypted_index: '', cited_text: 'said so' },
        ],
      },
    ])
  })

  it('of a message that is repeated whole in the last chunk counts once', () => {
    const last = delta({ content: '' }, { message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' })
    expect(contentOf([delta({ content: 'Hi' }), last])).toEqual([{ type: 'text', text: 'Hi' }])
  })
})

describe('reasoning', () => {
  it.each(['reasoning', 'reasoning_content'])('in %s is a thinking block before the text', (field) => {
    expect(contentOf([delta({ [field]: 'Hm', content: '' }), delta({ [field]: '.', content: 'Yes' }), stop])).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'vai.openai.' },
      { type: 'text', text: 'Yes' },
    ])
  })

  it('that comes only as reasoning_details is read from them, and not twice where it comes as both', () => {
    const details = [{ type: 'reasoning.text', text: 'Hm' }]
    expect(contentOf([delta({ reasoning_details: details }), stop])).toEqual([
      { type: 'thinking', thinking: 'Hm', signature: 'vai.openai.' },
    ])
    expect(contentOf([delta({ reasoning: 'Hm', reasoning_details: details }), stop])).toEqual([
      { type: 'thinking', thinking: 'Hm', signature: 'vai.openai.' },
    ])
  })

  it('that is encrypted is carried in the metadata', () => {
    const details = [{ type: 'reasoning.encrypted', data: 'b64' }]
    const { metadata } = messageOf(decode([delta({ reasoning_details: details }), delta({ content: 'x' }), stop]))
    expect(metadata?.provider).toMatchObject({ reasoning_details: details })
  })

  it('between texts opens a block of its own each time', () => {
    const chunks = [delta({ content: 'a' }), delta({ reasoning: 'b' }), delta({ content: 'c' }), stop]
    expect(contentOf(chunks).map(({ type }) => type)).toEqual(['text', 'thinking', 'text'])
  })
})

describe('tools that the server ran', () => {
  const search = { index: 0, type: 'search', arguments: '{"query":"weather"}' }
  const found = { results: [{ title: 'A', url: 'https://a.test/', content: 'Sunny.', score: 0.9 }] }

  it('are a call and a result, told once though they come twice', () => {
    const content = contentOf([
      delta({ reasoning: 'I look.' }),
      delta({ executed_tools: [{ ...search, search_results: { results: [] } }] }),
      delta({ executed_tools: [{ ...search, output: 'Title: A', search_results: found }] }),
      delta({ executed_tools: [{ ...search, output: 'Title: A', search_results: found }] }),
      delta({ content: 'Sunny.' }),
      stop,
    ])
    const id = 'vai.openai.toolu_made1'
    expect(content).toEqual([
      { type: 'thinking', thinking: 'I look.', signature: 'vai.openai.' },
      { type: 'server_tool_use', id, name: 'web_search', input: { query: 'weather' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: id,
        content: [
          {
            type: 'web_search_result',
            url: 'https://a.test/',
            title: 'A',
            encrypted_content: '',
            page_age: null,
            content: 'Sunny.',
          },
        ],
      },
      { type: 'text', text: 'Sunny.' },
    ])
  })

  it('are told apart by what they are for, where they have no index', () => {
    const { index: _, ...one } = search
    const other = { ...one, arguments: '{"query":"news"}' }
    const message = messageOf(
      decode([
        delta({ executed_tools: [one] }),
        delta({ executed_tools: [{ ...one, output: 'Title: A', search_results: found }] }),
        delta({ executed_tools: [other] }),
        delta({ executed_tools: [{ ...other, arguments: undefined, output: 'None.' }] }),
        stop,
      ]),
    )
    expect(message.content).toMatchObject([
      { type: 'server_tool_use', id: 'vai.openai.toolu_made1', input: { query: 'weather' } },
      { type: 'web_search_tool_result', tool_use_id: 'vai.openai.toolu_made1', content: [{ title: 'A' }] },
      { type: 'server_tool_use', id: 'vai.openai.toolu_made2', input: { query: 'news' } },
      { type: 'web_search_tool_result', tool_use_id: 'vai.openai.toolu_made2', content: [] },
    ])
  })

  it('are counted, so that their price is not left out', () => {
    const visit = { index: 1, type: 'browser.open', arguments: '{"id":0}', output: 'A page.' }
    const { usage } = messageOf(decode([delta({ executed_tools: [{ ...search, output: 'None.' }, visit] }), stop]))
    expect(usage).toEqual({ server_tool_use: { web_search_requests: 1, web_fetch_requests: 1 } })
  })

  it('may be code or a visit; what is not known is carried', () => {
    const tools = [
      { index: 0, type: 'python', arguments: '{"code":"print(1)"}', output: '1\n' },
      { index: 1, type: 'visit_website', arguments: '{"url":"https://a.test/"}', output: 'A page.' },
      { index: 2, type: 'wolfram_alpha', arguments: '{}', output: '42' },
    ]
    const message = messageOf(decode([delta({ executed_tools: tools }), delta({ content: 'Done.' }), stop]))
    expect(message.content.map(({ type }) => type)).toEqual([
      'server_tool_use',
      'code_execution_tool_result',
      'server_tool_use',
      'web_fetch_tool_result',
      'text',
    ])
    expect(message.content[1]).toMatchObject({ content: { type: 'code_execution_result', stdout: '1\n' } })
    expect(message.content[3]).toMatchObject({ content: { url: 'https://a.test/', content: { source: { data: 'A page.' } } } })
    expect(message.metadata?.provider).toMatchObject({ executed_tools: [tools[2]] })
  })
})

describe('pictures', () => {
  it('are blocks; what is no picture is carried', () => {
    const image = (url: string): Json => ({ type: 'image_url', image_url: { url } })
    const images = [image('data:image/png;base64,QUJD'), image('https://a.test/i.png'), image('data:text/plain,x')]
    const message = messageOf(decode([delta({ content: 'Here:', images }), stop]))
    expect(message.content).toEqual([
      { type: 'text', text: 'Here:' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
      { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } },
    ])
    expect(message.metadata?.provider).toMatchObject({ images: [images[2]] })
  })
})

describe('what an answer cost', () => {
  const usage = (more: Json): Json => ({ id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, ...more } })
  it.each<[Json, 'cost' | 'cost.total_cost' | 'cost_in_usd_ticks' | undefined, number | undefined]>([
    [{ cost: 0.5 }, 'cost', 0.5],
    [{ cost: 0.5 }, undefined, undefined],
    [{ cost: 0 }, 'cost', 0],
    [{ cost: null }, 'cost', undefined],
    [{ cost: -1 }, 'cost', undefined],
    // With the caller's own key at the vendor, the vendor's price is not in the credits.
    [{ cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: 0.2 } }, 'cost', 0.21000000000000002],
    [{ cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: null } }, 'cost', undefined],
    [{ cost: { total_cost: 0.00501 } }, 'cost.total_cost', 0.00501],
    [{ cost_in_usd_ticks: 1_497_500 }, 'cost_in_usd_ticks', 0.00014975],
  ])('%j, told in %s, is %s', (more, cost, expected) => {
    const chunks = [delta({ content: 'x' }), stop, usage(more)]
    expect(messageOf(decode(chunks, { dialect: cost ? { cost } : {} })).usage.cost_usd).toBe(expected)
  })
})

describe('the end', () => {
  it('without a mark is one where the server has said why it stopped, unless it always marks the end', () => {
    const chunks = [delta({ content: 'Yes.' }), stop]
    expect(messageOf(decode(chunks, { done: false, dialect: { alwaysDone: false } })).stop_reason).toBe('end_turn')
    const cut = expect.objectContaining({ code: 'provider_disconnected' })
    expect(() => decode(chunks, { done: false, dialect: { alwaysDone: true } })).toThrow(cut)
    expect(messageOf(decode(chunks, { dialect: { alwaysDone: true } })).stop_reason).toBe('end_turn')
  })

  it('is read by the reasons that its dialect has', () => {
    const ended = (finish_reason: string): readonly unknown[] => [delta({ content: 'Yes.' }), delta({}, { finish_reason })]
    const dialect = { stopReasons: { eos: 'end_turn', sensitive: 'refusal', abort: 'error' } } as const
    expect(messageOf(decode(ended('eos'), { dialect })).stop_reason).toBe('end_turn')
    expect(messageOf(decode(ended('sensitive'), { dialect })).stop_reason).toBe('refusal')
    expect(() => decode(ended('abort'), { dialect })).toThrow(expect.objectContaining({ code: 'provider_error' }))
    expect(messageOf(decode(ended('constructor'), { dialect })).stop_reason).toBe('end_turn')
  })

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['model_length', 'model_context_window_exceeded'],
    ['content_filter', 'refusal'],
    ['something_new', 'end_turn'],
  ])('%s is %s, and both are told', (finish_reason, stop_reason) => {
    const message = messageOf(decode([delta({ content: 'x' }), delta({}, { finish_reason })]))
    expect([message.stop_reason, message.metadata?.provider?.finish_reason]).toEqual([stop_reason, finish_reason])
  })

  it('is told once, though finish_reason and usage come again', () => {
    const usage = (tokens: number): Json => ({ ...delta({}, { finish_reason: 'stop' }), usage: { completion_tokens: tokens } })
    expect(messageOf(decode([delta({ content: 'x' }), usage(1), usage(2)])).usage).toEqual({ output_tokens: 2 })
  })

  it('without [DONE] is one where a finish reason came, and a lost connection where none did', () => {
    decode([delta({ content: 'x' }), stop], { done: false, dialect: { alwaysDone: false } })
    const begun = { id: '', choices: [], prompt_filter_results: [] }
    expect(() => decode([begun], { done: false })).toThrow(expect.objectContaining({ code: 'provider_disconnected' }))
    expect(() => decode([delta({ content: 'x' })], { done: false })).toThrow(
      expect.objectContaining({ code: 'provider_disconnected' }),
    )
  })

  it('without a finish reason counts where [DONE] came', () => {
    expect(messageOf(decode([delta({ content: 'x' })])).stop_reason).toBe('end_turn')
    expect(messageOf(decode([delta({ tool_calls: [call(0, 'c', 'f', '{}')] })])).stop_reason).toBe('tool_use')
  })

  it('of an empty answer breaks the protocol', () => {
    expect(() => decode([])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
    expect(() => decode([{ choices: [] }, {}])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
  })
})

describe('usage', () => {
  it.each<[string, Json, unknown]>([
    ['nothing is known', {}, {}],
    [
      'cached tokens are not input',
      { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } },
      { input_tokens: 10, cache_read_input_tokens: 60, cache_creation_input_tokens: 30, output_tokens: 5 },
    ],
    [
      'DeepSeek names the cache its own way',
      { prompt_tokens: 9, prompt_cache_hit_tokens: 8 },
      { input_tokens: 1, cache_read_input_tokens: 8 },
    ],
    [
      'reasoning is part of the output',
      { completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 4 } },
      { output_tokens: 7, output_tokens_details: { thinking_tokens: 4 } },
    ],
    [
      'details may be null',
      { prompt_tokens: 3, prompt_tokens_details: null, completion_tokens_details: null },
      { input_tokens: 3 },
    ],
  ])('%s', (_, usage, expected) => {
    const message = messageOf(decode([delta({ content: 'x' }), stop, { id: 'chatcmpl-1', choices: [], usage }]))
    expect([message.usage, message.metadata?.provider?.usage]).toEqual([expected, usage])
  })

  it('of Groq may stand in x_groq alone', () => {
    const chunks = [delta({ content: 'x' }), { ...stop, x_groq: { usage: { completion_tokens: 3 } } }]
    expect(messageOf(decode(chunks)).usage).toEqual({ output_tokens: 3 })
  })

  it('of a server that counts reasoning beside completion_tokens is added up', () => {
    const usage = { completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 4 } }
    const chunks = [delta({ content: 'x' }), { ...stop, usage }]
    expect(messageOf(decode(chunks, { dialect: { reasoningOutside: true } })).usage.output_tokens).toBe(11)
  })
})

describe('what has no place', () => {
  it('is carried in metadata.provider', () => {
    const first = { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
    const last = { ...stop, service_tier: 'default', system_fingerprint: 'fp_1' }
    const chunks = [
      first,
      delta({ content: 'x' }, { logprobs: { content: [{ token: 'x' }] } }),
      last,
      { choices: [], moderation: { input: 1 } },
    ]
    const { id, metadata } = messageOf(decode(chunks))
    expect(id).toBe('chatcmpl-1')
    expect(metadata?.provider).toEqual({
      id: 'chatcmpl-1',
      model: 'gpt-test-1',
      prompt_filter_results: [{ prompt_index: 0 }],
      logprobs: [{ token: 'x' }],
      service_tier: 'default',
      system_fingerprint: 'fp_1',
      moderation: { input: 1 },
      finish_reason: 'stop',
    })
  })

  it('is left out where it is large, and that is said', () => {
    const image = { type: 'image_url', image_url: { url: `data:${'x'.repeat(100_000)}` } }
    const { metadata } = messageOf(decode([delta({ content: 'x', images: [image] }), stop]))
    expect(metadata?.warnings).toMatchObject([{ code: 'provider_field_left_out', message: expect.stringContaining('`images`') }])
  })

  it('a list that grows too large keeps its beginning', () => {
    const token = delta({ content: 'x' }, { logprobs: { content: [{ token: 'x'.repeat(1000) }] } })
    const { metadata } = messageOf(decode([...Array(100).fill(token), stop]))
    expect(metadata?.provider?.logprobs).toHaveLength(64)
    expect(metadata?.warnings).toMatchObject([{ message: expect.stringContaining('`logprobs`') }])
  })

  it('names at most 32 of what is left out, and no list goes on behind a gap', () => {
    const large = 'x'.repeat(100_000)
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`field_${at}`, large]))
    const chunks = [{ ...many }, { late: [{ at: 0, large }] }, { late: [{ at: 1 }] }].map((fields) => delta(fields))
    const { metadata } = messageOf(decode([...chunks, stop]))
    expect(metadata?.warnings).toHaveLength(32)
    expect(metadata?.provider).not.toHaveProperty('late')
  })

  it('counts the names of what is kept', () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`${at}${'x'.repeat(2000)}`, at]))
    const { metadata } = messageOf(decode([delta(fields), stop]))
    expect(JSON.stringify(metadata?.provider).length).toBeLessThan(70_000)
  })

  it('further answers (n) are left out, and that is said', () => {
    const second = { id: 'chatcmpl-1', choices: [{ index: 1, delta: { content: 'other' }, finish_reason: 'stop' }] }
    const { content, metadata } = messageOf(decode([delta({ content: 'one' }), second, stop]))
    expect(content).toEqual([{ type: 'text', text: 'one' }])
    expect(metadata?.warnings).toMatchObject([{ message: expect.stringContaining('`choices`') }])
  })

  it('a message without an id gets one', () => {
    expect(messageOf(decode([{ ...delta({ content: 'x' }), id: '' }, stop])).id).toBe('msg_made1')
  })
})

describe('failures inside a 200', () => {
  it.each<[string, Json, string]>([
    ['before any content', { error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 'provider_rate_limit'],
    ['beside choices', { ...delta({ content: '' }), error: { code: 502, message: 'upstream' } }, 'provider_error'],
    ['as a string', { error: 'it broke' }, 'provider_error'],
    ['as vLLM says it', { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 }, 'provider_rejected'],
    ['overloaded', { error: { type: 'overloaded_error', message: 'busy' } }, 'provider_overloaded'],
    ['quota', { error: { code: 'insufficient_quota', message: 'no money' } }, 'provider_quota'],
    ['as a finish reason', delta({}, { finish_reason: 'error' }), 'provider_error'],
    ['the server ran out of resources', delta({}, { finish_reason: 'insufficient_system_resource' }), 'provider_overloaded'],
  ])('%s', (_, chunk, code) => {
    expect(() => decode([chunk])).toThrow(expect.objectContaining({ name: 'GatewayError', code }))
    expect(() => decode([delta({ content: 'x' }), chunk])).toThrow(expect.objectContaining({ code }))
  })

  it('is told in the words of the provider', () => {
    expect(() => decode([{ error: 'it broke' }])).toThrow('OpenAI: it broke')
    expect(() => decode([{ error: { message: 'it broke' } }])).toThrow('OpenAI: it broke')
    expect(() => decode([{ object: 'error', message: 'it broke' }])).toThrow('OpenAI: it broke')
  })

  it.each([[null], [3], ['text'], [[1]]])('a chunk that is no object breaks the protocol: %j', (chunk) => {
    expect(() => decode([chunk])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
  })

  it.each<Json>([
    { choices: 3 },
    { choices: [null] },
    { choices: [{ delta: 3 }] },
    delta({ content: 3, tool_calls: [null, {}], annotations: [3] }),
  ])('fields of another kind than expected harm nothing: %j', (chunk) => {
    expect(contentOf([delta({ content: 'x' }), chunk, stop])).toEqual([{ type: 'text', text: 'x' }])
  })
})
