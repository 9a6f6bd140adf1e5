import { describe, expect, it } from 'vitest'
import { Accumulator } from '../../api/accumulator.ts'
import type { ContentBlock, StreamEvent } from '../../api/schemas.gen.ts'
import { BlockSequencer } from '../../providers/blocks.ts'
import { expectGrammar } from './openai-chat/drive.ts'

function said(speak: (sequencer: BlockSequencer) => void): { events: StreamEvent[]; content: ContentBlock[] } {
  const sequencer = new BlockSequencer()
  sequencer.start('msg_1', 'openai/m')
  speak(sequencer)
  sequencer.finish({ stop_reason: 'end_turn', stop_sequence: null }, {})
  const events = [...sequencer.take()]
  expectGrammar(events)
  const accumulator = new Accumulator()
  for (const event of events) accumulator.add(event)
  return { events, content: accumulator.message().content }
}

const call = (id: string): { type: 'tool_use'; id: string; name: string; input: object & Record<string, unknown> } => ({
  type: 'tool_use',
  id,
  name: 'f',
  input: {},
})

describe('a sequence of blocks', () => {
  it('of a message without content is its start and its end', () => {
    const { events } = said(() => undefined)
    expect(events.map(({ type }) => type)).toEqual(['message_start', 'message_delta', 'message_stop'])
  })

  it('starts and finishes once, whatever is called again', () => {
    const { events } = said((sequencer) => {
      sequencer.start('msg_2', 'openai/other')
      sequencer.finish({ stop_reason: 'max_tokens', stop_sequence: null }, {})
    })
    expect(events).toMatchObject([{ message: { id: 'msg_1' } }, { delta: { stop_reason: 'max_tokens' } }, {}])
  })

  it('begins no block for empty text', () => {
    const { content } = said((sequencer) => {
      sequencer.text('')
      sequencer.thinking('')
    })
    expect(content).toEqual([])
  })

  it('ends a block of thinking with its signature', () => {
    const { content } = said((sequencer) => {
      sequencer.thinking('a')
      sequencer.signature('s')
      sequencer.thinking('b')
    })
    expect(content).toEqual([
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'thinking', thinking: 'b', signature: '' },
    ])
  })

  it('keeps apart what the provider keeps apart', () => {
    const { content } = said((sequencer) => {
      sequencer.text('a')
      sequencer.endBlock()
      sequencer.text('b')
    })
    expect(content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })

  it('takes blocks that came whole between the others', () => {
    const redacted = { type: 'redacted_thinking', data: 'x' } as const
    const { content } = said((sequencer) => {
      const input = sequencer.tool(call('c1'))
      sequencer.block(redacted)
      sequencer.text('after')
      input.write('{"a":[{"}":"\\\\"}]}')
    })
    expect(content).toEqual([{ ...call('c1'), input: { a: [{ '}': '\\' }] } }, redacted, { type: 'text', text: 'after' }])
  })

  it('lets the next begin as soon as a call is complete, by its JSON or by being told', () => {
    const sequencer = new BlockSequencer()
    sequencer.start('msg_1', 'openai/m')
    const first = sequencer.tool(call('c1'))
    sequencer.text('x')
    expect(first.complete).toBe(false)
    first.end()
    expect(first.complete).toBe(true)
    expect(sequencer.take().map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
    ])
  })

  it('says what came too late for a call, in the warnings of its end', () => {
    const { events } = said((sequencer) => {
      const input = sequencer.tool(call('c1'))
      input.write('{}')
      input.write(' ')
      input.write('{"a":1}')
    })
    expect(events.at(-2)).toMatchObject({ metadata: { warnings: [{ code: 'invalid_tool_input' }] } })
    expect(events.filter(({ type }) => type === 'content_block_delta')).toHaveLength(1)
  })

  it('says once of a call that more came too late, and of very many calls no more than that there were more', () => {
    const { events } = said((sequencer) => {
      for (let at = 0; at < 1000; at++) {
        const input = sequencer.tool(call(`c${at}`))
        input.write('{}')
        input.write('{"a":1}')
        input.write('{"b":1}')
      }
    })
    const end = events.at(-2)
    const warnings = end?.type === 'message_delta' ? (end.metadata?.warnings ?? []) : []
    expect(warnings.length).toBe(65)
    expect(new Set(warnings.map(({ message }) => message)).size).toBe(65)
    expect(warnings.at(-1)?.code).toBe('more_warnings')
  })

  it('brings very many that wait forward in the order in which they began', () => {
    const count = 10_000
    const { content } = said((sequencer) => {
      const calls = Array.from({ length: count }, (_, at) => sequencer.tool(call(`c${at}`)))
      for (const input of calls.slice(1, -1)) input.end()
      calls[0]?.end()
      sequencer.text('after')
    })
    expect(content).toEqual([...Array.from({ length: count }, (_, at) => call(`c${at}`)), { type: 'text', text: 'after' }])
  })

  it('refuses to speak before its start and after its end', () => {
    const sequencer = new BlockSequencer()
    expect(() => sequencer.text('x')).toThrow('new')
    expect(() => sequencer.finish({ stop_reason: null, stop_sequence: null }, {})).toThrow('did not begin')
    sequencer.start('msg_1', 'openai/m')
    sequencer.finish({ stop_reason: null, stop_sequence: null }, {})
    expect(() => sequencer.text('x')).toThrow('finished')
  })
})
