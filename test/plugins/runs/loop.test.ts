import { describe, expect, it } from 'vitest'
import type { ContentBlock, StopReason, StreamEvent, ToolUseBlock } from '../../../api/schemas.gen.ts'
import { historyOf, withOwnId } from '../../../plugins/runs/history.ts'
import { planAfter, refusals, stopBefore, takenUp } from '../../../plugins/runs/loop.ts'

const text = (said: string): ContentBlock => ({ type: 'text', text: said })
const toolUse = (id: string): ToolUseBlock => ({ type: 'tool_use', id, name: 'look', input: {} })
const call = (id: string): ContentBlock => toolUse(id)
const thought: ContentBlock = { type: 'thinking', thinking: 'Hm.', signature: 's' }
const search = (id: string): ContentBlock => ({ type: 'server_tool_use', id, name: 'web_search', input: {} })
const found = (id: string): ContentBlock => ({ type: 'web_search_tool_result', tool_use_id: id, content: [] })

describe('before a turn', () => {
  const limits = { maxTurns: 3, maxToolCalls: 5, maxTokens: 100, maxTextBytes: 1000 }

  it.each<[number, number[], string | undefined]>([
    [1, [99], undefined],
    [3, [], 'max_turns'],
    [4, [], 'max_turns'],
    [1, [60, 40], 'max_tokens'],
    [3, [100], 'max_turns'],
  ])('%d turns with %j tokens stop for %s', (turns, tokens, reason) => {
    const usages = tokens.map((total_tokens) => ({ total_tokens }))
    expect(stopBefore({ turns, usages, textBytes: 0 }, limits)).toBe(reason)
  })

  it('tokens are those of questions and answers where there is no total', () => {
    expect(stopBefore({ turns: 1, usages: [{ input_tokens: 60, output_tokens: 40 }, {}], textBytes: 0 }, limits)).toBe(
      'max_tokens',
    )
  })

  it('no number of tokens is a limit where there is none', () => {
    expect(stopBefore({ turns: 1, usages: [{ total_tokens: 1e12 }], textBytes: 0 }, { ...limits, maxTokens: 0 })).toBeUndefined()
  })

  it('a conversation that could not be sent again is not gone on with', () => {
    expect(stopBefore({ turns: 1, usages: [], textBytes: 949 }, limits)).toBeUndefined()
    expect(stopBefore({ turns: 1, usages: [], textBytes: 950 }, limits)).toBe('error')
  })
})

describe('after an answer', () => {
  const plan = (
    content: ContentBlock[],
    reason: StopReason | null,
    left = 5,
    interruption?: 'timeout' | 'cancelled' | 'error',
  ) => {
    const { calls, stop } = planAfter(
      { content, stop_reason: reason },
      { toolCalls: 10, limits: { maxToolCalls: 10 + left } },
      interruption,
    )
    return {
      run: calls.filter(({ refusal }) => refusal === undefined).length,
      refused: calls.flatMap(({ refusal }) => refusal ?? []),
      stop,
    }
  }

  it.each<[string, ReturnType<typeof plan>, ReturnType<typeof plan>]>([
    ['without calls it is over', plan([text('Hi.')], 'end_turn'), { run: 0, refused: [], stop: 'end_turn' }],
    ['at a stop sequence too', plan([text('Hi.')], 'stop_sequence'), { run: 0, refused: [], stop: 'end_turn' }],
    ['nothing at all ends it', plan([], 'end_turn'), { run: 0, refused: [], stop: 'end_turn' }],
    ['calls are run', plan([call('a'), call('b')], 'tool_use'), { run: 2, refused: [], stop: undefined }],
    ['whatever reason a provider gives for them', plan([call('a')], 'end_turn'), { run: 1, refused: [], stop: undefined }],
    ['beside a pause as well', plan([search('s'), call('a')], 'pause_turn'), { run: 1, refused: [], stop: undefined }],
    ['a pause goes on', plan([search('s')], 'pause_turn'), { run: 0, refused: [], stop: undefined }],
    ['all that are left are run', plan([call('a')], 'tool_use', 1), { run: 1, refused: [], stop: undefined }],
    [
      'those that fit are run, the others are answered',
      plan([call('a'), call('b'), call('c')], 'tool_use', 1),
      { run: 1, refused: [refusals.max_tool_calls, refusals.max_tool_calls], stop: 'max_tool_calls' },
    ],
    [
      'none where none are left',
      plan([call('a')], 'tool_use', 0),
      { run: 0, refused: [refusals.max_tool_calls], stop: 'max_tool_calls' },
    ],
    [
      'a call in an answer that was cut off is not run',
      plan([call('a')], 'max_tokens'),
      { run: 0, refused: [refusals.cut], stop: 'max_tokens' },
    ],
    [
      'nor where the window is full',
      plan([call('a')], 'model_context_window_exceeded'),
      { run: 0, refused: [refusals.cut], stop: 'max_tokens' },
    ],
    ['nor beside a refusal', plan([call('a')], 'refusal'), { run: 0, refused: [refusals.refusal], stop: 'end_turn' }],
    ['nor after the time', plan([call('a')], null, 5, 'timeout'), { run: 0, refused: [refusals.timeout], stop: 'timeout' }],
    [
      'nor for a caller who left',
      plan([call('a')], null, 5, 'cancelled'),
      { run: 0, refused: [refusals.cancelled], stop: 'cancelled' },
    ],
    ['nor in an answer that broke', plan([call('a')], null, 5, 'error'), { run: 0, refused: [refusals.error], stop: 'error' }],
  ])('%s', (_, is, ought) => {
    expect(is).toEqual(ought)
  })
})

describe('after an answer with calls that are the answer itself', () => {
  const say = (id: string, input: Record<string, unknown> = { text: 'Hi.' }): ToolUseBlock => ({
    type: 'tool_use',
    id,
    name: 'say',
    input,
  })
  const terminal = {
    answer: 'Said.',
    problemWith: ({ text }: Readonly<Record<string, unknown>>) => (text === undefined ? 'Say something.' : undefined),
  }
  const terminals = new Map([['say', terminal]])
  const plan = (content: ContentBlock[], left = 5, misread: readonly number[] = []) => {
    const warnings = misread.map((index) => ({ code: 'invalid_tool_input', param: `content[${index}].input`, message: '' }))
    const message = { content, stop_reason: 'tool_use' as const, metadata: { warnings } }
    const { calls, stop } = planAfter(message, { toolCalls: 0, limits: { maxToolCalls: left }, terminals })
    return { calls: calls.map(({ use: { id }, refusal, taken }) => [id, refusal ?? taken ?? 'run']), stop }
  }

  it.each<[string, ReturnType<typeof plan>, ReturnType<typeof plan>]>([
    ['it is over', plan([say('a')]), { calls: [['a', 'Said.']], stop: 'end_turn' }],
    [
      'it is over with several',
      plan([say('a'), text('Hm.'), say('b')]),
      {
        calls: [
          ['a', 'Said.'],
          ['b', 'Said.'],
        ],
        stop: 'end_turn',
      },
    ],
    [
      'others beside it are run',
      plan([say('a'), call('b')]),
      {
        calls: [
          ['a', 'Said.'],
          ['b', 'run'],
        ],
        stop: undefined,
      },
    ],
    [
      'whatever comes first',
      plan([call('b'), say('a')]),
      {
        calls: [
          ['b', 'run'],
          ['a', 'Said.'],
        ],
        stop: undefined,
      },
    ],
    [
      'it is none of the calls that are counted',
      plan([say('a'), call('b')], 1),
      {
        calls: [
          ['a', 'Said.'],
          ['b', 'run'],
        ],
        stop: undefined,
      },
    ],
    ['nor is it one too many', plan([say('a')], 0), { calls: [['a', 'Said.']], stop: 'end_turn' }],
    [
      'others may be',
      plan([say('a'), call('b')], 0),
      {
        calls: [
          ['a', 'Said.'],
          ['b', refusals.max_tool_calls],
        ],
        stop: 'max_tool_calls',
      },
    ],
    ['it is tried again where it says nothing', plan([say('a', {})]), { calls: [['a', 'Say something.']], stop: undefined }],
    [
      'but not beside one that does',
      plan([say('a', {}), say('b')]),
      {
        calls: [
          ['a', 'Say something.'],
          ['b', 'Said.'],
        ],
        stop: 'end_turn',
      },
    ],
    [
      'nor where it was taken up while it was written',
      plan([say('a', {})], 5, [0]),
      { calls: [['a', 'Said.']], stop: 'end_turn' },
    ],
  ])('%s', (_, is, ought) => {
    expect(is).toEqual(ought)
  })

  it('they are no tools that were taken up', () => {
    const message = { content: [say('a'), call('b')], stop_reason: 'tool_use' as const }
    expect(takenUp(planAfter(message, { toolCalls: 0, limits: { maxToolCalls: 5 }, terminals }))).toBe(1)
  })
})

describe('the history', () => {
  const kinds = (content: ContentBlock[], isLast: boolean): string[] => {
    const [message] = historyOf(content, [], isLast)
    return message && typeof message.content !== 'string' ? message.content.map(({ type }) => type) : []
  }

  it('holds an answer and the results of its calls, failures marked', () => {
    const results = [
      { tool_use_id: 'a', content: 'fine', is_error: false },
      { tool_use_id: 'b', content: 'not there', is_error: true },
    ]
    expect(historyOf([text('I look.'), call('a'), call('b')], results, false)).toEqual([
      { role: 'assistant', content: [text('I look.'), call('a'), call('b')] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'fine' },
          { type: 'tool_result', tool_use_id: 'b', content: 'not there', is_error: true },
        ],
      },
    ])
  })

  it('tells the model more than text where there is more', () => {
    const blocks = [{ type: 'text' as const, text: 'See:' }]
    const result = { tool_use_id: 'a', content: 'See:', is_error: false, blocks }
    expect(historyOf([call('a')], [result], false)[1]?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: blocks },
    ])
  })

  it('has no message without content', () => {
    expect(historyOf([], [], true)).toEqual([])
    expect(historyOf([text('')], [], true)).toEqual([])
    expect(historyOf([thought], [], true)).toEqual([])
  })

  it.each<[ContentBlock[], boolean, string[]]>([
    [[text(''), text('\n\n'), text('Hi.')], false, ['text']],
    [[thought, search('s')], false, ['thinking', 'server_tool_use']],
    [[text('Hi.'), thought, search('s')], true, ['text']],
    [[search('s'), found('s'), text('So.')], true, ['server_tool_use', 'web_search_tool_result', 'text']],
    [[search('s'), found('s'), search('t')], true, ['server_tool_use', 'web_search_tool_result']],
    [[thought, call('a')], true, ['thinking', 'tool_use']],
  ])('keeps of %j, last %s, %j', (content, isLast, kept) => {
    expect(kinds(content, isLast)).toEqual(kept)
  })

  it('keeps a call of the provider that a call of a tool refers to', () => {
    const code: ContentBlock = { type: 'server_tool_use', id: 'srv', name: 'code_execution', input: {} }
    const called: ContentBlock = { ...toolUse('a'), caller: { type: 'code_execution_20250825', tool_id: 'srv' } }
    expect(kinds([code, called, search('t')], true)).toEqual(['server_tool_use', 'tool_use'])
  })

  it('gives a call an id of its own where another has it, or it has none', () => {
    const taken = new Set(['a'])
    let count = 0
    const ids = ['a', 'b', 'b', ''].map((id) => {
      const event = withOwnId(
        { type: 'content_block_start', index: 0, content_block: toolUse(id) },
        taken,
        () => `new_${++count}`,
      )
      return event.type === 'content_block_start' && 'id' in event.content_block ? event.content_block.id : undefined
    })
    expect(ids).toEqual(['new_1', 'b', 'new_2', 'new_3'])
    expect([...taken]).toEqual(['a', 'new_1', 'b', 'new_2', 'new_3'])
  })

  it('gives a call whose name no tool can have another', () => {
    const names = ['', 'a b', 'ü'.repeat(200), 'fine-1'].map((name) => {
      const block = { ...toolUse('a'), name }
      const event = withOwnId({ type: 'content_block_start', index: 0, content_block: block }, new Set(), () => 'new')
      return event.type === 'content_block_start' && 'name' in event.content_block ? event.content_block.name : undefined
    })
    expect(names).toEqual(['unnamed', 'a_b', '_'.repeat(64), 'fine-1'])
  })

  it('leaves every other event as it is', () => {
    const event: StreamEvent = { type: 'content_block_start', index: 0, content_block: text('x') }
    expect(withOwnId(event, new Set(), () => 'new')).toBe(event)
  })
})
