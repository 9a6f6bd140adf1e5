/** The benchmark's answer in the words of APIs that the load scenarios do not speak. */

const words = [' The', ' capital', ' of', ' France', ' is', ' Paris', ',', ' la', ' ville', ' lumière', ' —', ' 巴黎', '.\n']

function word(index: number): string {
  return words[index % words.length] ?? ''
}

/** A stream of OpenAI's Responses API with one text in so many pieces. */
export function responsesPayloads(events: number): readonly object[] {
  const texts = Array.from({ length: events }, (_, index) => word(index))
  const response = { id: 'resp_bench', object: 'response', model: 'some-model', output: [] }
  const item = { id: 'msg_bench', type: 'message', role: 'assistant' }
  const at = { item_id: 'msg_bench', output_index: 0, content_index: 0 }
  const text = texts.join('')
  const part = { type: 'output_text', text, annotations: [], logprobs: [] }
  const usage = {
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: events,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 11 + events,
  }
  const payloads: readonly object[] = [
    { type: 'response.created', response: { ...response, status: 'in_progress' } },
    { type: 'response.in_progress', response: { ...response, status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...texts.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [], obfuscation: 'a1B2c3D4' })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index: 0, item: { ...item, status: 'completed', content: [part] } },
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', output: [{ ...item, status: 'completed', content: [part] }], usage },
    },
  ]
  return payloads.map((payload, index) => ({ ...payload, sequence_number: index }))
}

/** A stream of Groq's: reasoning in the first half of so many pieces, text in the second. */
export function groqPayloads(events: number): readonly object[] {
  const usage = { ...chatUsage(events), queue_time: 0.01, prompt_time: 0.01, completion_time: 0.2, total_time: 0.22 }
  return [
    chatChunk({ role: 'assistant', content: '' }, null, { x_groq: { id: 'req_bench', seed: 1 } }),
    ...halves(
      events,
      (reasoning) => chatChunk({ reasoning, channel: 'analysis' }),
      (content) => chatChunk({ content, channel: 'final' }),
    ),
    chatChunk({}, 'stop', { x_groq: { id: 'req_bench', usage }, usage }),
  ]
}

/** A stream of Cerebras', in the same halves. */
export function cerebrasPayloads(events: number): readonly object[] {
  const timing = { queue_time: 0.01, prompt_time: 0.01, completion_time: 0.2, total_time: 0.22, created: 1_763_690_125 }
  return [
    chatChunk({ role: 'assistant' }),
    ...halves(
      events,
      (reasoning) => chatChunk({ reasoning }),
      (content) => chatChunk({ content }),
    ),
    chatChunk({}, 'stop', { usage: chatUsage(events), time_info: timing }),
  ]
}

/** A stream of OpenRouter's, in the same halves: its details of reasoning are sealed. Texts are comments. */
export function openrouterPayloads(events: number): readonly (object | string)[] {
  const none = { reasoning: null, reasoning_details: [] }
  const detail = { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0 }
  const chunk = (delta: object, finish: string | null = null): object => {
    return chatChunk({ role: 'assistant', content: '', ...delta }, finish, { provider: 'Google' })
  }
  return [
    ...[': OPENROUTER PROCESSING', ': OPENROUTER PROCESSING'],
    chunk(none),
    ...halves(
      events,
      (text) => chunk({ reasoning: text, reasoning_details: [{ ...detail, text }] }),
      (content) => chunk({ ...none, content }),
      [chunk({ ...none, reasoning_details: [{ ...detail, signature: 'RXFRQkNnSVlBaElN'.repeat(16) }] })],
    ),
    chunk(none, 'stop'),
    chatChunk({ role: 'assistant', content: '' }, null, { usage: { ...chatUsage(events), cost: 0.0007, is_byok: false } }),
  ]
}

function chatChunk(delta: object, finish: string | null = null, more: object = {}): object {
  return {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_763_690_125,
    model: 'some-model',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...more,
  }
}

function chatUsage(events: number): object {
  return {
    prompt_tokens: 11,
    completion_tokens: events,
    total_tokens: 11 + events,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: events / 2 },
  }
}

function halves(
  events: number,
  thought: (text: string) => object,
  said: (text: string) => object,
  between: readonly object[] = [],
): readonly object[] {
  const all = Array.from({ length: events }, (_, index) => (index < events / 2 ? thought : said)(word(index)))
  return [...all.slice(0, events / 2), ...between, ...all.slice(events / 2)]
}

/** A stream of Vertex AI's: thoughts in the first half of so many pieces, text in the second, and a signature at the end. */
export function vertexPayloads(events: number): readonly object[] {
  const chunk = (part: object, usage: object, finish?: string): object => ({
    candidates: [{ content: { role: 'model', parts: [part] }, ...(finish && { finishReason: finish }) }],
    usageMetadata: { trafficType: 'ON_DEMAND', ...usage },
    modelVersion: 'some-model',
    createTime: '2026-05-04T20:01:02.264968Z',
    responseId: 'bench',
  })
  const usage = { promptTokenCount: 11, candidatesTokenCount: events / 2, thoughtsTokenCount: events / 2 }
  return [
    ...halves(
      events,
      (text) => chunk({ text, thought: true }, {}),
      (text) => chunk({ text }, {}),
    ),
    chunk({ text: '', thoughtSignature: 'AY89a18a8/Loc2wl'.repeat(16) }, { ...usage, totalTokenCount: 11 + events }, 'STOP'),
  ]
}

/** A stream of Gemini's API with one text in so many pieces. */
export function geminiPayloads(events: number): readonly object[] {
  return Array.from({ length: events }, (_, index) => ({
    candidates: [
      {
        content: { parts: [{ text: word(index) }], role: 'model' },
        ...(index === events - 1 && { finishReason: 'STOP' }),
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: index + 1, totalTokenCount: 12 + index },
    modelVersion: 'some-model',
    responseId: 'bench',
  }))
}
