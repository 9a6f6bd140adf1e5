import type { ServerResponse } from 'node:http'
import { micros } from '../marker.ts'
import { namePattern } from '../voice/control.ts'
import type { Pace } from './control.ts'
import type { SeenOf } from './ears.ts'
import { answerOf } from './sound.ts'

/** The mock model: `POST /v1/messages` as a stream, which calls the tool that speaks and says everything at once. */
export function answer(body: string, response: ServerResponse, seenOf: SeenOf, { sentences }: Pace): void {
  const name = namePattern.exec(body)?.[0] ?? ''
  const { askedAt, answeredAt } = seenOf(name)
  askedAt.push(micros())
  const [first = '', ...rest] = answerOf(name, sentences)
  const pieces = [`{"text": "${first}`, ...rest, '"}']
  const events = [
    { type: 'message_start', message },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'toolu_01Bench', name: 'talk_to_user', input: {} },
    },
    ...pieces.map((json) => ({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: json } })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: pieces.length },
    },
    { type: 'message_stop' },
  ]
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  answeredAt.push(micros())
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(text)
}

const message = {
  id: 'msg_01BenchBenchBenchBench00',
  type: 'message',
  role: 'assistant',
  model: 'bench',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 11, output_tokens: 1 },
}
