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
