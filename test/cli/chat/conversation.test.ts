import type { MessageParam, RunEvent, StreamEvent } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { Conversation } from '../../../cli/chat/conversation.ts'
import { Progress, sayable } from '../../../cli/chat/progress.ts'
import { UsageTotal } from '../../../cli/chat/usage-total.ts'

const user = (content: string): MessageParam => ({ role: 'user', content })
const assistant = (content: string): MessageParam => ({ role: 'assistant', content })

function asked(conversation: Conversation, question: string, ...answer: readonly string[]): void {
  conversation.answered(conversation.ask(question), answer.map(assistant))
}

describe('a conversation', () => {
  it('holds questions with their answers', () => {
    const conversation = new Conversation()
    asked(conversation, 'One?', '1')
    asked(conversation, 'Two?', '2')
    expect(conversation.messages).toEqual([user('One?'), assistant('1'), user('Two?'), assistant('2')])
  })

  it('keeps a question without an answer for another try, and once', () => {
    const conversation = new Conversation()
    asked(conversation, 'One?', '1')
    conversation.failed(conversation.ask('Two?'))
    expect(conversation.messages).toHaveLength(2)
    const again = conversation.again()
    expect(again).toEqual({ before: [user('One?'), assistant('1')], question: user('Two?') })
    if (again) conversation.answered(again, [assistant('2')])
    expect(conversation.messages).toEqual([user('One?'), assistant('1'), user('Two?'), assistant('2')])
  })

  it('asks the last question again without its answer, which stays where the new try fails', () => {
    const conversation = new Conversation()
    asked(conversation, 'One?', '1')
    const again = conversation.again()
    expect(again).toEqual({ before: [], question: user('One?') })
    if (again) conversation.failed(again)
    expect(conversation.messages).toEqual([user('One?'), assistant('1')])
    expect(conversation.again()).toEqual(again)
    if (again) conversation.answered(again, [assistant('eins')])
    expect(conversation.messages).toEqual([user('One?'), assistant('eins')])
  })

  it('does not take the results of tools for a question', () => {
    const conversation = new Conversation()
    const question = user('What does the page say?')
    conversation.begin([
      question,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'read', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'It says hello.' }] },
      assistant('Hello.'),
    ])
    expect(conversation.again()).toEqual({ before: [], question })
  })

  it('has nothing to ask again at its beginning, and after a new one', () => {
    const conversation = new Conversation()
    expect(conversation.again()).toBeUndefined()
    conversation.failed(conversation.ask('One?'))
    conversation.begin([])
    expect(conversation.again()).toBeUndefined()
  })
})

const start: StreamEvent = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'a/b',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 7, output_tokens: 0 },
  },
}
const delta = (text: string): StreamEvent => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const within = (event: StreamEvent, index = 0): RunEvent => ({ type: 'stream_event', index, event })

function progressOf(sent: number, events: readonly (StreamEvent | RunEvent)[]): Progress {
  const progress = new Progress(sent)
  for (const event of events) progress.event(event)
  return progress
}

describe('an answer on its way', () => {
  it('is what was said so far', () => {
    const { messages, usage } = progressOf(1, [start, delta('So '), delta('far')])
    expect(messages).toEqual([assistant('So far')])
    expect(usage).toEqual([{ input_tokens: 7, output_tokens: 0 }])
  })

  it('is nothing before anything was said', () => {
    expect(progressOf(1, []).messages).toEqual([])
    const thought: StreamEvent = { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } }
    expect(progressOf(1, [start, thought, delta(' \n')]).messages).toEqual([])
  })

  it('leaves out a call that nobody has answered', () => {
    const call: StreamEvent = {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'a', name: 'read', input: {} },
    }
    expect(progressOf(1, [within(start), within(delta('Let me look.')), within(call)]).messages).toEqual([
      assistant('Let me look.'),
    ])
  })

  it('keeps the steps of a run that are whole, and begins anew with the next', () => {
    const append: MessageParam[] = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'read', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] },
    ]
    const usage = { input_tokens: 7, output_tokens: 3 }
    const progress = progressOf(1, [
      within(start),
      within(delta('Let me look.')),
      { type: 'step_complete', index: 0, stop_reason: 'tool_use', usage, tool_call_count: 1, duration_ms: 1 },
      { type: 'history_delta', expected_len: 1, append },
      within(start, 1),
      within(delta('It says'), 1),
    ])
    expect(progress.messages).toEqual([...append, assistant('It says')])
    expect(progress.usage).toEqual([usage, { input_tokens: 7, output_tokens: 0 }])
  })

  it('puts nothing behind a gap', () => {
    const progress = progressOf(1, [{ type: 'history_delta', expected_len: 3, append: [assistant('late')] }])
    expect(progress.messages).toEqual([])
  })

  it('is sent again without empty text', () => {
    const text = { type: 'text', text: 'a' } as const
    expect(sayable({ role: 'assistant', content: [{ type: 'text', text: '' }, text] })).toEqual({
      role: 'assistant',
      content: [text],
    })
    expect(sayable({ role: 'assistant', content: [{ type: 'text', text: '' }] })).toBeUndefined()
  })
})

describe('what was used', () => {
  it('is told as tokens and dollars', () => {
    const total = new UsageTotal()
    expect(total.told).toBe('Nothing was answered yet.')
    total.add({ input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 5, cost_usd: 0.00123 })
    expect(total.told).toBe('1 answer: 100 tokens in (90 of them from a cache), 5 out; $0.0012.')
    total.add({ input_tokens: 1 })
    expect(total.told).toBe(
      '2 answers: 101 tokens in (90 of them from a cache), 5 out; $0.0012, without 1 that has no known price.',
    )
  })

  it('has no price where none is known', () => {
    const total = new UsageTotal()
    total.add({ input_tokens: 2, output_tokens: 2 })
    expect(total.told).toBe('1 answer: 2 tokens in, 2 out; no price is known.')
  })
})
