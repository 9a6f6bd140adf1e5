import { sseFrame } from '../api/sse.ts'

/** A streamed message as Anthropic's API sends it, in pieces: its start, text in the one block that it has, and its end. */

export const messageStart = [
  sseFrame({
    type: 'message_start',
    message: {
      id: 'msg_test',
      type: 'message',
      role: 'assistant',
      model: 'any',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  }),
  sseFrame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
].join('')

export function textDelta(text: string): string {
  return sseFrame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
}

export const messageEnd = [
  sseFrame({ type: 'content_block_stop', index: 0 }),
  sseFrame({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } }),
  sseFrame({ type: 'message_stop' }),
].join('')
