import type { MessageParam } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { Conversation } from '../../../cli/chat/conversation.ts'
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
