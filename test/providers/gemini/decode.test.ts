import { describe, expect, it } from 'vitest'
import { GeminiDecoder } from '../../../providers/gemini/decode.ts'
import { call, chunk, contentOf, decode, type Json, messageOf, source, stop } from './chunks.ts'

const sealed = (payload: string): string => `vai.gem-dev.${payload}`
const thinking = (text: string, payload: string): Json => ({ type: 'thinking', thinking: text, signature: sealed(payload) })
const text = (value: string): Json => ({ type: 'text', text: value })

describe('text', () => {
  it('becomes one block, whatever empty pieces come between', () => {
    const chunks = [chunk([{ text: 'He' }]), chunk([{ text: '' }]), { ...chunk([]), candidates: [{ content: {} }] }]
    expect(decode([...chunks, chunk([{ text: 'llo' }], { finishReason: 'STOP' })])).toEqual([
      {
        type: 'message_start',
        message: {
          id: 'resp-1',
          type: 'message',
          role: 'assistant',
          model: 'gem-dev/gemini-test',
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
        metadata: { provider: { id: 'resp-1', model: 'gemini-test-001', finish_reason: 'STOP' } },
      },
      { type: 'message_stop' },
    ])
  })

  it('is emitted as it comes, not held until more follows', () => {
    const decoder = new GeminiDecoder({ model: 'gem-dev/m', newId: () => 'msg_1', source })
    decoder.feed(chunk([{ text: 'a' }]))
    expect(decoder.feed(chunk([{ text: 'b' }]))).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'b' } },
    ])
  })

  it('of a message without an id gets one', () => {
    expect(messageOf(decode([{ candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }] }])).id).toBe(
      'msg_made1',
    )
  })
})

describe('thoughts', () => {
  it('are one block until something else comes, sealed though nothing is signed', () => {
    expect(contentOf({ text: 'Hm', thought: true }, { text: '.', thought: true }, { text: 'Yes' })).toEqual([
      thinking('Hm.', ''),
      text('Yes'),
    ])
    expect(contentOf({ text: 'Hm', thought: true })).toEqual([thinking('Hm', '')])
  })

  it('of which one is signed itself are kept apart', () => {
    const parts = [
      { text: 'a', thought: true, thoughtSignature: 'U0lH' },
      { text: 'b', thought: true },
    ]
    expect(contentOf(...parts)).toEqual([thinking('a', 't.U0lH'), thinking('b', '')])
  })

  it('that are pictures are left out, and that is said', () => {
    const sketch = { thought: true, inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    const { content, metadata } = messageOf(decode([chunk([sketch, { text: 'x' }]), stop]))
    expect(content).toEqual([text('x')])
    expect(metadata?.warnings).toMatchObject([{ code: 'provider_field_left_out' }])
  })
})

describe('a thought signature', () => {
  it.each<[string, Json[], Json[]]>([
    ['on a text', [{ text: 'Hi', thoughtSignature: 'U0lH' }, { text: ' you' }], [thinking('', 'n2.U0lH'), text('Hi you')]],
    ['on an empty text', [{ text: 'Hi' }, { text: '', thoughtSignature: 'U0lH' }], [text('Hi'), thinking('', 'e.U0lH')]],
    [
      'after thoughts',
      [
        { text: 'Hm', thought: true },
        { text: 'Hi', thoughtSignature: 'U0lH' },
      ],
      [thinking('Hm', 'n2.U0lH'), text('Hi')],
    ],
    [
      'on a function call',
      [{ ...call('f', { args: { a: 1 }, id: 'c1' }), thoughtSignature: 'U0lH' }],
      [thinking('', 'n.U0lH'), { type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } }],
    ],
    [
      'on a picture',
      [{ inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'U0lH' }],
      [thinking('', 'n.U0lH'), { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
    ],
    ['between texts', [{ text: 'a' }, { text: 'b', thoughtSignature: 'U0lH' }], [text('a'), thinking('', 'n1.U0lH'), text('b')]],
  ])('%s is carried before it', (_, parts, blocks) => {
    expect(contentOf(...parts)).toEqual(blocks)
  })
})

describe('code that was run', () => {
  const code = { executableCode: { language: 'PYTHON', code: 'print(1)', id: 'x1' } }
  const result = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n', id: 'x1' } }

  it('is a tool of the server and its result', () => {
    const content = {
      type: 'code_execution_result',
      stdout: '1\n',
      stderr: '',
      return_code: 0,
      content: [],
      outcome: 'OUTCOME_OK',
    }
    expect(contentOf(code, result)).toEqual([
      { type: 'server_tool_use', id: sealed('x1'), name: 'code_execution', input: { code: 'print(1)' } },
      { type: 'code_execution_tool_result', tool_use_id: sealed('x1'), content },
    ])
  })

  it('without ids belongs together by its order, and failed where it says so', () => {
    const [call, failed] = contentOf(
      { executableCode: { language: 'PYTHON', code: 'x' } },
      { codeExecutionResult: { outcome: 'OUTCOME_FAILED', output: 'no x' } },
    )
    expect(failed).toMatchObject({
      tool_use_id: call && 'id' in call ? call.id : undefined,
      content: { stdout: '', stderr: 'no x', return_code: 1 },
    })
  })
})

describe('a search', () => {
  const chunks = [{ web: { uri: 'https://a.test/', title: 'A' } }, { web: { uri: 'https://b.test/', title: 'B' } }]
  const support = (segment: string, ...groundingChunkIndices: number[]): Json => ({
    segment: { startIndex: 0, endIndex: segment.length, text: segment },
    groundingChunkIndices,
  })
  const cites = (url: string, title: string, cited: string): Json => ({
    type: 'web_search_result_location',
    url,
    title,
    encrypted_index: '',
    cited_text: cited,
  })

  it('is told after the text that it is cited in', () => {
    const groundingMetadata = {
      webSearchQueries: ['q', 'r'],
      groundingChunks: chunks,
      groundingSupports: [support('It is.', 0, 1), support('elsewhere', 0)],
      searchEntryPoint: { renderedContent: '<div/>' },
    }
    const first = chunk([{ text: 'It ' }], { groundingMetadata: {} })
    const last = chunk([{ text: 'is.' }, { text: '', thoughtSignature: 'U0lH' }], { groundingMetadata, finishReason: 'STOP' })
    const message = messageOf(decode([first, last]))
    const id = sealed('toolu_made1')
    expect(message.content).toEqual([
      {
        ...text('It is.'),
        citations: [cites('https://a.test/', 'A', 'It is.'), cites('https://b.test/', 'B', 'It is.')],
      },
      thinking('', 'e.U0lH'),
      { type: 'server_tool_use', id, name: 'web_search', input: { query: 'q', queries: ['q', 'r'] } },
      {
        type: 'web_search_tool_result',
        tool_use_id: id,
        content: [
          { type: 'web_search_result', url: 'https://a.test/', title: 'A', encrypted_content: '', page_age: null },
          { type: 'web_search_result', url: 'https://b.test/', title: 'B', encrypted_content: '', page_age: null },
        ],
      },
    ])
    expect(message.usage).toEqual({ server_tool_use: { web_search_requests: 2 } })
    expect(message.metadata?.provider?.groundingMetadata).toEqual(groundingMetadata)
  })

  it('that is told with every chunk is cited once', () => {
    const groundingMetadata = { webSearchQueries: ['q'], groundingChunks: chunks, groundingSupports: [support('It', 0)] }
    const [first] = messageOf(
      decode([chunk([{ text: 'It' }], { groundingMetadata }), chunk([{ text: ' is' }], { groundingMetadata }), stop]),
    ).content
    expect(first).toEqual({ ...text('It is'), citations: [cites('https://a.test/', 'A', 'It')] })
  })

  it('in files is a search in files', () => {
    const groundingMetadata = { groundingChunks: [{ retrievedContext: { uri: 'u', title: 'T', text: 'said' } }] }
    const blocks = messageOf(decode([chunk([{ text: 'x' }], { groundingMetadata, finishReason: 'STOP' })])).content
    expect(blocks.slice(1)).toMatchObject([
      { type: 'server_tool_use', name: 'file_search', input: {} },
      { type: 'file_search_tool_result', content: { results: [{ title: 'T', uri: 'u', text: 'said' }] } },
    ])
  })
})

describe('the end', () => {
  it.each([
    ['STOP', 'end_turn'],
    ['MAX_TOKENS', 'max_tokens'],
    ['SAFETY', 'refusal'],
    ['RECITATION', 'refusal'],
    ['LANGUAGE', 'refusal'],
    ['BLOCKLIST', 'refusal'],
    ['PROHIBITED_CONTENT', 'refusal'],
    ['SPII', 'refusal'],
    ['MODEL_ARMOR', 'refusal'],
    ['IMAGE_SAFETY', 'refusal'],
    ['IMAGE_PROHIBITED_CONTENT', 'refusal'],
    ['IMAGE_RECITATION', 'refusal'],
    ['IMAGE_OTHER', 'refusal'],
    ['OTHER', 'refusal'],
    ['NO_IMAGE', 'end_turn'],
    ['FINISH_REASON_UNSPECIFIED', 'end_turn'],
    ['SOMETHING_NEW', 'end_turn'],
  ])('%s is %s, and both are told', (finishReason, stop_reason) => {
    const message = messageOf(decode([chunk([{ text: 'x' }], { finishReason })]))
    expect([message.stop_reason, message.metadata?.provider?.finish_reason]).toEqual([stop_reason, finishReason])
  })

  it.each([
    'MALFORMED_FUNCTION_CALL',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
  ])('%s is a failure', (finishReason) => {
    expect(() => decode([chunk([], { finishReason })])).toThrow(
      expect.objectContaining({ code: 'provider_error', message: `Gemini API: the answer ended with ${finishReason}.` }),
    )
    expect(() => decode([chunk([{ text: 'x' }], { finishReason, finishMessage: 'so' })])).toThrow('Gemini API: so')
  })

  it.each([
    ['STOP', 'tool_use'],
    ['UNEXPECTED_TOOL_CALL', 'tool_use'],
    ['MAX_TOKENS', 'max_tokens'],
    ['SAFETY', 'refusal'],
  ])('%s after a function call is %s', (finishReason, reason) => {
    expect(messageOf(decode([chunk([call('f')]), chunk([], { finishReason })])).stop_reason).toBe(reason)
  })

  it('of a refused prompt is a refusal, with the reason', () => {
    const promptFeedback = { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'no' }
    const message = messageOf(decode([{ promptFeedback, responseId: 'r', usageMetadata: { promptTokenCount: 4 } }]))
    expect(message).toMatchObject({
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: null, explanation: 'no' },
      usage: { input_tokens: 4 },
      metadata: { provider: { promptFeedback, finish_reason: 'PROHIBITED_CONTENT' } },
    })
  })

  it('of a stream that just ends is none', () => {
    const lost = expect.objectContaining({ code: 'provider_disconnected' })
    expect(() => decode([chunk([{ text: 'x' }])])).toThrow(lost)
    expect(() => decode([{ usageMetadata: {} }])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
    expect(() => decode([])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
  })

  it('of a whole answer needs no reason, but an answer', () => {
    expect(messageOf(decode([chunk([{ text: 'x' }])], true)).stop_reason).toBe('end_turn')
    expect(() => decode([{ usageMetadata: {} }], true)).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
  })
})

describe('usage', () => {
  it.each<[string, Json, Json]>([
    ['nothing is known', {}, {}],
    ['thinking is counted beside the answer', { candidatesTokenCount: 5, thoughtsTokenCount: 7 }, thought(12, 7)],
    ['thinking may be all there is', { thoughtsTokenCount: 7 }, thought(7, 7)],
    [
      'the cache is part of the prompt',
      { promptTokenCount: 100, cachedContentTokenCount: 60 },
      { input_tokens: 40, cache_read_input_tokens: 60 },
    ],
    ['its own tools add to the prompt', { promptTokenCount: 10, toolUsePromptTokenCount: 90 }, { input_tokens: 100 }],
  ])('%s', (_, usageMetadata, expected) => {
    const message = messageOf(decode([{ ...chunk([{ text: 'x' }], { finishReason: 'STOP' }), usageMetadata }]))
    expect([message.usage, message.metadata?.provider?.usage]).toEqual([expected, usageMetadata])
  })

  it('is the last that is told', () => {
    const usage = (promptTokenCount: number): Json => ({ usageMetadata: { promptTokenCount } })
    const chunks = [
      { ...chunk([{ text: 'x' }]), ...usage(15) },
      { ...stop, ...usage(13) },
    ]
    expect(messageOf(decode(chunks)).usage).toEqual({ input_tokens: 13 })
  })

  function thought(output: number, thinking: number): Json {
    return { output_tokens: output, output_tokens_details: { thinking_tokens: thinking } }
  }
})

describe('what has no place', () => {
  it('is carried in metadata.provider', () => {
    const more = {
      safetyRatings: [{ category: 'C' }],
      avgLogprobs: -1,
      finishReason: 'STOP',
      urlContextMetadata: { urlMetadata: [] },
    }
    const { metadata } = messageOf(decode([{ ...chunk([{ text: 'x' }], more), createTime: 't', newField: { a: 1 } }]))
    expect(metadata?.provider).toEqual({
      id: 'resp-1',
      model: 'gemini-test-001',
      createTime: 't',
      newField: { a: 1 },
      safetyRatings: [{ category: 'C' }],
      avgLogprobs: -1,
      urlContextMetadata: { urlMetadata: [] },
      finish_reason: 'STOP',
    })
  })

  it('of a part goes into an empty block of thinking', () => {
    const part = { toolCall: { id: 't1', toolType: 'GOOGLE_SEARCH_WEB', args: { q: 'x' } }, thoughtSignature: 'U0lH' }
    expect(contentOf({ text: 'Hm', thought: true }, part)).toEqual([
      thinking('Hm', ''),
      thinking('', `p.${JSON.stringify(part)}`),
    ])
  })

  it('what each chunk tells of its own text comes together', () => {
    const logprobs = (token: string) => ({
      logprobsResult: { chosenCandidates: [{ token }], topCandidates: [{ candidates: [{ token }] }], logProbabilitySum: -1 },
      citationMetadata: { citationSources: [{ uri: `https://${token}.test` }] },
    })
    const told = messageOf(decode([chunk([{ text: 'a' }], logprobs('a')), chunk([{ text: 'b' }], logprobs('b')), stop]))
    expect(told.metadata?.provider).toMatchObject({
      logprobsResult: {
        chosenCandidates: [{ token: 'a' }, { token: 'b' }],
        topCandidates: [{ candidates: [{ token: 'a' }] }, { candidates: [{ token: 'b' }] }],
        logProbabilitySum: -1,
      },
      citationMetadata: { citationSources: [{ uri: 'https://a.test' }, { uri: 'https://b.test' }] },
    })
  })

  it('of very many unknown names no more is kept than of a few, and that is said', () => {
    const names = Array.from({ length: 100 }, (_, at) => `name${at}`)
    const held = { value: 'x'.repeat(30_000) }
    const message = messageOf(decode([...names.map((name) => ({ ...chunk([{ text: 'a' }]), [name]: held })), stop]))
    expect(Object.keys(message.metadata?.provider ?? {}).filter((name) => name.startsWith('name'))).toEqual(['name0', 'name1'])
    expect(message.metadata?.warnings?.length).toBe(32)
  })

  it('media of very many kinds that are left out are told by a few of their names', () => {
    const parts = Array.from({ length: 100 }, (_, at) => ({
      inlineData: { mimeType: `audio/x${at}${'x'.repeat(1000)}`, data: 'AA==' },
    }))
    const { metadata } = messageOf(decode([chunk(parts), stop]))
    expect(metadata?.warnings?.length).toBe(32)
    expect(JSON.stringify(metadata).length).toBeLessThan(10_000)
  })

  it('further answers (candidateCount) are left out, and that is said', () => {
    const second = { candidates: [{ index: 1, content: { parts: [{ text: 'other' }] }, finishReason: 'STOP' }] }
    const { content, metadata } = messageOf(decode([chunk([{ text: 'one' }]), second, stop]))
    expect(content).toEqual([text('one')])
    expect(metadata?.warnings).toMatchObject([{ message: expect.stringContaining('`candidates`') }])
  })
})

describe('failures inside a 200', () => {
  it.each<[string, unknown, string]>([
    ['overloaded', { error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }, 'provider_overloaded'],
    ['quota', { error: { code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED' } }, 'provider_rate_limit'],
    ['in a list', [{ error: { code: 500, message: 'oh', status: 'INTERNAL' } }], 'provider_error'],
  ])('%s', (_, failure, code) => {
    expect(() => decode([failure])).toThrow(expect.objectContaining({ name: 'GatewayError', code }))
    expect(() => decode([chunk([{ text: 'x' }]), failure])).toThrow(expect.objectContaining({ code }))
  })

  it.each([[null], [3], ['text'], [[1]]])('a chunk that is no object breaks the protocol: %j', (value) => {
    expect(() => decode([value])).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
  })

  it.each<[Json]>([[{ candidates: [3] }], [{ candidates: [{ content: { parts: [null, 3, {}] } }] }]])(
    'what is not of the form does no harm: %j',
    (odd) => {
      expect(messageOf(decode([chunk([{ text: 'x' }]), odd, stop])).content[0]).toEqual(text('x'))
    },
  )
})
