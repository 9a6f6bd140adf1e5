import type { ErrorResponse, Message } from '@vai/sdk'
import { sseFrame } from '../../api/sse.ts'
import { type Behaviour, json, sse } from '../upstreams/behaviour.ts'

/** What a gateway answers, for tests that need one that does as it is told. */

export const question = { model: 'demo/echo', messages: [{ role: 'user' as const, content: 'Hello' }] }

export const message: Message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'demo/echo',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

export const requestId = 'req_of_a_test'

export const answered: Behaviour = json(message, { headers: { 'x-request-id': requestId } })

export const streamed: Behaviour = sse(
  [
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
    .map(sseFrame)
    .join(''),
  { headers: { 'x-request-id': requestId } },
)

/** An error as the gateway tells it. */
export function refused(
  status: number,
  error: { readonly type: string } & Partial<Omit<ErrorResponse['error'], 'type'>>,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const body = { type: 'error', request_id: requestId, error: { message: 'No.', request_id: requestId, ...error } }
  return json(body, { status, headers: { 'x-request-id': requestId, ...headers } })
}
