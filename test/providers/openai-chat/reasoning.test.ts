import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, Message, MessageRequest } from '../../../api/schemas.gen.ts'
import { openrouterDialect } from '../../../providers/openai-chat/dialects/openrouter.ts'
import { encode } from '../../../providers/openai-chat/encode.ts'
import { type ChatDialect, openaiDialect } from '../../../providers/openai-chat/index.ts'
import type { ReasoningField } from '../../../providers/openai-chat/reasoning-blocks.ts'
import { contentOf, decode, delta, type Json, messageOf, stop } from './chunks.ts'

function speaking(field: ReasoningField): ChatDialect {
  return { ...openaiDialect, id: 'mine', reasoningField: () => field }
}

/** An answer's blocks, as a client sends them back. */
function sentBack(content: Message['content'] | readonly ContentBlockParam[], dialect: ChatDialect): Json {
  const kept: ContentBlockParam[] = JSON.parse(JSON.stringify(content))
  const request: MessageRequest = {
    model: 'mine/m',
    messages: [
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content: kept },
      { role: 'user', content: 'Go on.' },
    ],
  }
  const { messages } = encode(request, 'm', true, dialect)
  return Array.isArray(messages) ? messages[1] : {}
}

const call = { index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
const called = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
const toolStop = delta({}, { finish_reason: 'tool_calls' })

describe('reasoning goes back where the server wants it', () => {
  it.each<[ReasoningField, Json, Json]>([
    ['none', { reasoning: 'Hm.' }, { role: 'assistant', content: 'Yes.' }],
    ['reasoning', { reasoning: 'Hm.' }, { role: 'assistant', content: 'Yes.', reasoning: 'Hm.' }],
    ['reasoning', { reasoning_content: 'Hm.' }, { role: 'assistant', content: 'Yes.', reasoning: 'Hm.' }],
    ['reasoning_content', { reasoning_content: 'Hm.' }, { role: 'assistant', content: 'Yes.', reasoning_content: 'Hm.' }],
    ['reasoning_details', { reasoning: 'Hm.' }, { role: 'assistant', content: 'Yes.', reasoning: 'Hm.' }],
    ['think_tags', { reasoning: 'Hm.' }, { role: 'assistant', content: '<think>Hm.</think>Yes.' }],
    [
      'content',
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'Yes.' },
        ],
      },
    ],
    [
      'content',
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }], signature: 'sig.1' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }], signature: 'sig.1' },
          { type: 'text', text: 'Yes.' },
        ],
      },
    ],
  ])('%s: %j', (field, said, message) => {
    const dialect = speaking(field)
    expect(sentBack(contentOf([delta(said), delta({ content: 'Yes.' }), stop], dialect), dialect)).toEqual(message)
  })

  it.each<ReasoningField>(['reasoning', 'reasoning_content'])('%s, beside a call of a tool', (field) => {
    const dialect = speaking(field)
    const content = contentOf(
      [delta({ [field]: 'I ' }), delta({ [field]: 'look.' }), delta({ tool_calls: [call] }), toolStop],
      dialect,
    )
    expect(sentBack(content, dialect)).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [called],
      [field]: 'I look.',
    })
  })

  it('to nobody but its own server', () => {
    const others: ContentBlockParam[] = [
      { type: 'thinking', thinking: 'a', signature: 'vai.another.' },
      { type: 'thinking', thinking: 'b', signature: 'anthropics' },
      { type: 'thinking', thinking: 'c', signature: '' },
      { type: 'thinking', thinking: 'd', signature: 'vai.mine.' },
      { type: 'text', text: 'Yes.' },
    ]
    expect(sentBack(others, speaking('reasoning'))).toEqual({ role: 'assistant', content: 'Yes.', reasoning: 'd' })
  })
})

describe('reasoning_details', () => {
  const text = (piece: string, more: Json = {}): Json => {
    return { type: 'reasoning.text', text: piece, format: 'anthropic-claude-v1', index: 0, ...more }
  }
  const encrypted = { type: 'reasoning.encrypted', data: 'b64==', id: 'rs_1', format: 'openai-responses-v1', index: 1 }

  function details(...chunks: readonly (readonly Json[])[]): { content: Message['content']; back: unknown; message: Message } {
    const deltas = chunks.map((list) => delta({ content: '', reasoning: null, reasoning_details: list }))
    const message = messageOf(
      decode([...deltas, delta({ content: 'Yes.' }), delta({ reasoning_details: [] }), stop], { dialect: openrouterDialect }),
    )
    return { content: message.content, back: sentBack(message.content, openrouterDialect).reasoning_details, message }
  }

  it('that came in pieces go back whole, with the signature that came last', () => {
    const { content, back } = details(
      [{ type: 'reasoning.text', text: '', signature: '', format: 'anthropic-claude-v1', index: 0 }],
      [text('This is')],
      [text(' simple.')],
      [{ type: 'reasoning.text', signature: 'Et0B', format: 'anthropic-claude-v1', index: 0 }],
    )
    expect(back).toEqual([text('This is simple.', { signature: 'Et0B' })])
    expect(content).toEqual([
      {
        type: 'thinking',
        thinking: 'This is simple.',
        // What stands in the block is not said twice.
        signature: 'vai.openrouter.[{"type":"reasoning.text","signature":"Et0B","format":"anthropic-claude-v1","index":0}]',
      },
      { type: 'text', text: 'Yes.' },
    ])
  })

  it('that are encrypted alone ride in an empty block, and are not carried beside', () => {
    const { content, back, message } = details([encrypted])
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '' })
    expect(back).toEqual([encrypted])
    expect(message.metadata?.provider).not.toHaveProperty('reasoning_details')
  })

  it('keep their order and their ids', () => {
    const summary = { type: 'reasoning.summary', summary: 'First.', id: 'rs_1', format: 'openai-responses-v1', index: 0 }
    const second = { ...summary, summary: 'Then.', index: 2 }
    const { content, back } = details([summary], [encrypted], [second], [{ ...encrypted, id: 'rs_2', index: 3 }])
    expect(back).toEqual([summary, encrypted, second, { ...encrypted, id: 'rs_2', index: 3 }])
    expect(content.map((block) => (block.type === 'thinking' ? block.thinking : block.type))).toEqual(['First.', 'Then.', 'text'])
  })

  it('of one chunk that have the same index and different kinds are kept apart', () => {
    const summary = { type: 'reasoning.summary', summary: 'Hm.', format: null, index: 0 }
    const secret = { type: 'reasoning.encrypted', data: 'x', format: null, index: 0 }
    expect(details([summary, secret]).back).toEqual([summary, secret])
  })

  it('of a whole message are complete, each for itself', () => {
    const list = [
      { type: 'reasoning.text', text: 'One.', signature: 's1' },
      { type: 'reasoning.text', text: 'Two.', signature: 's2' },
    ]
    const message = { role: 'assistant', content: 'Yes.', reasoning: 'One.Two.', reasoning_details: list }
    const content = contentOf(
      [{ id: 'x', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }],
      openrouterDialect,
    )
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'thinking', 'text'])
    expect(sentBack(content, openrouterDialect).reasoning_details).toEqual(list)
  })

  it('that come after the text or with a call of a tool are not lost', () => {
    const chunks = [
      delta({ content: 'I look.' }),
      delta({ reasoning_details: [encrypted], tool_calls: [call] }),
      delta({ reasoning_details: [{ ...encrypted, id: 'rs_2' }] }),
      toolStop,
    ]
    const content = contentOf(chunks, openrouterDialect)
    expect(content.map(({ type }) => type)).toEqual(['text', 'thinking', 'tool_use', 'thinking'])
    expect(sentBack(content, openrouterDialect).reasoning_details).toEqual([encrypted, { ...encrypted, id: 'rs_2' }])
  })

  it('that say nothing make no block', () => {
    expect(details([text('')], []).content).toEqual([{ type: 'text', text: 'Yes.' }])
  })

  it('that a client has broken are left out', () => {
    const broken: ContentBlockParam[] = [
      { type: 'thinking', thinking: 'a', signature: 'vai.openrouter.[{' },
      { type: 'text', text: 'Yes.' },
    ]
    expect(sentBack(broken, openrouterDialect)).toEqual({ role: 'assistant', content: 'Yes.' })
  })

  it('of a server that does not want them back are read as text, and kept in the metadata', () => {
    const signed = text('Hm.', { signature: 's' })
    const message = messageOf(decode([delta({ reasoning_details: [signed] }), delta({ content: 'Yes.' }), stop]))
    expect(message.content[0]).toEqual({ type: 'thinking', thinking: 'Hm.', signature: 'vai.openai.' })
    expect(message.metadata?.provider).toMatchObject({ reasoning_details: [signed] })
  })
})
