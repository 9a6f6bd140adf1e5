import { anthropicKey } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError, renderMessage } from '../upstreams/anthropic-answer.ts'
import { problemsOf } from '../upstreams/anthropic-rules.ts'
import { type Behaviour, json } from '../upstreams/behaviour.ts'
import { isObject, type Json, objects, stringOf, tokensIn } from '../upstreams/json.ts'
import { type RecordedRequest, startUpstream, type Upstream } from '../upstreams/upstream.ts'

/**
 * Anthropic's Messages API with its threads: a conversation that is created is kept under the id of its answer, and goes on from there
 * with what is new of it. What is asked is the whole of it, and has to keep the rules as such.
 */
export function startAnthropicWithThreads(answer: (request: RecordedRequest) => AnthropicAnswer | Behaviour): Promise<Upstream> {
  const kept = new Map<string, Json>()
  return startUpstream((request): Behaviour => {
    if (request.headers['x-api-key'] !== anthropicKey) return anthropicError('authentication_error', 'invalid x-api-key')
    const asked = isObject(request.json) ? request.json : {}
    const whole = wholeOf(asked, kept)
    if (!whole) return lostThread
    const counting = request.path.startsWith('/v1/messages/count_tokens')
    const [problem] = problemsOf(whole, { counting, beta: request.headers['anthropic-beta'] !== undefined })
    if (problem) return anthropicError('invalid_request_error', problem)
    if (counting) return json({ input_tokens: tokensIn(whole.system, whole.tools, whole.messages) })

    const told = { ...request, json: whole, body: JSON.stringify(whole) }
    const given = answer(told)
    if (typeof given === 'function' || 'kind' in given) return given
    if (isObject(asked.thread)) {
      const message = messageIn(renderMessage(given, { ...told, json: { ...whole, stream: false } }))
      const said = { role: 'assistant', content: message.content }
      kept.set(stringOf(message.id), { ...whole, messages: [...objects(whole.messages), said] })
    }
    return renderMessage(given, told)
  })
}

/** All that is said in a request and before it; undefined where it goes on from what is not there. */
function wholeOf({ thread, ...asked }: Json, kept: ReadonlyMap<string, Json>): Json | undefined {
  if (!isObject(thread) || thread.type !== 'continue') return asked
  const before = kept.get(stringOf(thread.previous_message_id))
  if (!before) return undefined
  const { system, tools } = before
  return {
    ...asked,
    ...(system !== undefined && { system }),
    ...(tools !== undefined && { tools }),
    messages: [...objects(before.messages), ...objects(asked.messages)],
  }
}

const lostThread = json(
  {
    type: 'error',
    error: { type: 'not_found_error', message: 'The thread was not found.', details: { error_code: 'thread_not_found' } },
  },
  { status: 404 },
)

function messageIn(behaviour: Behaviour): Json {
  const body = typeof behaviour !== 'function' && behaviour.kind === 'reply' ? behaviour.body : undefined
  const message: unknown = JSON.parse(String(body))
  return isObject(message) ? message : {}
}
