import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { cannotThink, withoutForeign } from '../../../providers/anthropic/foreign.ts'
import { seal } from '../../../providers/sealed.ts'

function conversationWith(...content: ContentBlockParam[]): MessageRequest {
  return {
    model: 'anthropic/claude-test',
    messages: [
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content },
      { role: 'user', content: 'Go on.' },
    ],
  }
}

function kept(...content: ContentBlockParam[]): unknown {
  return withoutForeign(conversationWith(...content))[1]?.content
}

const text: ContentBlockParam = { type: 'text', text: 'Hello.' }
const foreignIndex = { type: 'web_search_result_location', url: 'https://a.test', encrypted_index: '' }
const ownIndex = { type: 'web_search_result_location', url: 'https://b.test', encrypted_index: 'Eo8B' }

describe('a conversation that goes to Anthropic', () => {
  it('is left alone where all of it is its own', () => {
    const request = conversationWith(
      { type: 'thinking', thinking: 'x', signature: 'EqQBCg' },
      { type: 'redacted_thinking', data: 'EmwK' },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'f', server_name: 's', input: {} },
      { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', content: 'x' },
      { type: 'text', text: 'x', citations: [ownIndex] },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
    )
    expect(withoutForeign(request)).toBe(request.messages)
  })

  it.each<[string, ContentBlockParam]>([
    ['thinking of another provider', { type: 'thinking', thinking: 'x', signature: seal('deepseek', '') }],
    ['thinking that nobody signed', { type: 'thinking', thinking: 'x', signature: '' }],
    [
      'a tool that ran on another server',
      { type: 'server_tool_use', id: seal('oai-resp', 'ws_1'), name: 'web_search', input: {} },
    ],
    ['what that tool found', { type: 'web_search_tool_result', tool_use_id: seal('oai-resp', 'ws_1'), content: [] }],
    [
      'a call of MCP by another provider',
      { type: 'mcp_tool_use', id: seal('oai-resp', 'm'), name: 'f', server_name: 's', input: {} },
    ],
    ['its result', { type: 'mcp_tool_result', tool_use_id: seal('oai-resp', 'm'), content: 'x' }],
  ])('goes without %s', (_, block) => {
    expect(kept(block, text)).toEqual([text])
  })

  it('keeps the text, and those citations of it that Anthropic wrote', () => {
    expect(kept({ type: 'text', text: 'x', citations: [foreignIndex, ownIndex] })).toEqual([
      { type: 'text', text: 'x', citations: [ownIndex] },
    ])
    expect(kept({ type: 'text', text: 'x', citations: [foreignIndex] })).toEqual([{ type: 'text', text: 'x' }])
  })

  it('has no turn without content', () => {
    const messages = withoutForeign(conversationWith({ type: 'thinking', thinking: 'x', signature: seal('groq', '') }))
    expect(messages.map(({ role }) => role)).toEqual(['user', 'user'])
  })

  it('has no empty lines before a call by another provider, and keeps those of its own', () => {
    const blank: ContentBlockParam = { type: 'text', text: '\n\n' }
    const call = (id: string): ContentBlockParam => ({ type: 'tool_use', id, name: 'f', input: {} })
    const thought: ContentBlockParam = { type: 'thinking', thinking: 'x', signature: seal('deepseek', '') }
    expect(kept(blank, call('call_abc'))).toEqual([call('call_abc')])
    expect(kept(text, blank, call('call_abc'))).toEqual([text, call('call_abc')])
    expect(kept(thought, blank, call('call_abc'))).toEqual([call('call_abc')])
    expect(kept(text, call('call_abc'))).toEqual([text, call('call_abc')])
    // What Anthropic is said to have written goes back as it was written.
    const own = conversationWith(blank, call('toolu_01A09q90qw90lq917835lq9'))
    expect(withoutForeign(own)).toBe(own.messages)
    const alone = conversationWith(blank)
    expect(withoutForeign(alone)).toBe(alone.messages)
  })

  it('has ids that Anthropic takes', () => {
    const [call] = Object(kept({ type: 'tool_use', id: 'functions.f:0', name: 'f', input: {} }))
    expect(call.id).toMatch(/^[a-zA-Z0-9_-]+$/)
  })
})

describe('thinking with a budget', () => {
  const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
  const call = (id: string): ContentBlockParam => ({ type: 'tool_use', id, name: 'f', input: {} })
  const loop = (...content: ContentBlockParam[]): MessageRequest => ({
    ...conversationWith(...content),
    thinking,
    messages: [
      ...conversationWith(...content).messages.slice(0, 2),
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'x' }] },
    ],
  })

  it.each<[string, MessageRequest, boolean]>([
    ['in the middle of calls that another provider made', loop(call('call_1')), true],
    [
      'there, with thinking of that provider',
      loop({ type: 'thinking', thinking: 'x', signature: seal('groq', '') }, call('call_1')),
      true,
    ],
    ['there, with thinking of its own', loop({ type: 'thinking', thinking: 'x', signature: 'EqQB' }, call('call_1')), false],
    ['after calls of its own without thinking, of which it speaks itself', loop(call('toolu_01A09q90qw90lq917835lq9')), false],
    ['once that turn is over', { ...conversationWith(call('call_1')), thinking }, false],
    ['that the model decides on', { ...loop(call('call_1')), thinking: { type: 'adaptive' } }, false],
  ])('%s', (_, request, isOff) => {
    expect(cannotThink(request)).toBe(isOff)
  })
})
