import type { ContentBlock, ContentBlockDelta, Message, RunEvent, RunResult, StreamEvent } from '@vai/sdk'

/** The events of answers, made by hand. */

export function start(fields: Partial<Message> = {}): StreamEvent {
  const usage = { input_tokens: 3, output_tokens: 0 }
  const empty = { content: [], stop_reason: null, stop_sequence: null, usage }
  return {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'demo/echo', ...empty, ...fields },
  }
}

export function block(index: number, content_block: ContentBlock = { type: 'text', text: '' }): StreamEvent {
  return { type: 'content_block_start', index, content_block }
}

export function delta(index: number, delta: ContentBlockDelta): StreamEvent {
  return { type: 'content_block_delta', index, delta }
}

export function says(text: string, index = 0): StreamEvent {
  return delta(index, { type: 'text_delta', text })
}

export function stop(index = 0): StreamEvent {
  return { type: 'content_block_stop', index }
}

export const closing: readonly StreamEvent[] = [
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 3, output_tokens: 2 },
  },
  { type: 'message_stop' },
]

/** A whole answer that says these words. */
export function answer(...words: readonly string[]): StreamEvent[] {
  return [start(), block(0), ...words.map((word) => says(word)), stop(), ...closing]
}

/** The message that `answer` makes. */
export function message(text: string): Message {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'demo/echo',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 2 },
  }
}

/** A step of a run: its beginning, and the events of its answer. */
export function step(index: number, events: readonly StreamEvent[]): RunEvent[] {
  return [{ type: 'step_start', index }, ...events.map((event): RunEvent => ({ type: 'stream_event', index, event }))]
}

export function result(response: Message | null, fields: Partial<RunResult> = {}): RunResult {
  const usage = { input_tokens: 6, output_tokens: 4 }
  return { response, steps: [], tool_call_count: 0, turn_count: 1, usage, stop_reason: 'end_turn', messages: [], ...fields }
}

export const runStart: RunEvent = { type: 'run_start', request_id: 'req_run', model: 'demo/echo' }

export function complete(of: RunResult): RunEvent {
  return { type: 'run_complete', result: of }
}
