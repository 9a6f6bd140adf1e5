import type { MessageParam, RunEvent, StreamEvent } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { Layout } from '../../../cli/chat/layout.ts'
import { endingOf, type Piece, piecesOf } from '../../../cli/chat/pieces.ts'
import { transcriptOf } from '../../../cli/chat/transcript.ts'
import { jsonLine, line, printable } from '../../../cli/printable.ts'

describe('text for a terminal', () => {
  it('holds no orders, whichever way it is cut', () => {
    const evil = 'a\u001b[2Jb\u009b31mc\u0007d\u0000e\u007ff\u001b]0;title\u0007\r\nnext\tone\rover'
    const parts = [...evil].map(printable).join('')
    for (const text of [printable(evil), parts]) {
      expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u)
      expect(text.startsWith('a␛[2Jb�31mc␇d␀e␡f␛]0;title␇\nnext\tone')).toBe(true)
    }
    expect(printable(evil).endsWith('one\nover')).toBe(true)
  })

  it('stands in the order in which it was said', () => {
    const evil = 'rm \u202e\u2066fdp\u2069.exe\u200e\u200f\u061c \u202a\u202c\u2068'
    expect(printable(evil)).toBe('rm \ufffd\ufffdfdp\ufffd.exe \ufffd\ufffd\ufffd')
    expect(line(evil)).toBe(printable(evil))
    const json = jsonLine({ evil })
    expect(json).toMatch(/^[ -~]*$/)
    expect(JSON.parse(json)).toEqual({ evil })
  })

  it('leaves every other script as it is', () => {
    const text = 'Grüße, 世界 👩‍👩‍👧 שלום'
    expect(printable(text)).toBe(text)
  })

  it('can be made one line, which is not cut inside of a character', () => {
    expect(line(' a\n\tb\u001b c ')).toBe('a b␛ c')
    expect(line('abcdef', 4)).toBe('abc…')
    expect(line('ab👍cd', 4)).toBe('ab…')
  })

  it('is JSON in which no order is hidden either', () => {
    const text = jsonLine({ text: '\u001b[2J\u009b2J\u007f' })
    expect(text).not.toMatch(/\p{Cc}/u)
    expect(JSON.parse(text)).toEqual({ text: '\u001b[2J\u009b2J\u007f' })
  })
})

const delta = (text: string): StreamEvent => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const thought = (thinking: string): StreamEvent => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'thinking_delta', thinking },
})
const result: RunEvent = {
  type: 'tool_result',
  index: 0,
  tool_use_id: 'a',
  name: 'vai_web_fetch',
  content: 'One\nTwo',
  is_error: false,
  duration_ms: 1234,
}

function written(layout: Layout, events: readonly (StreamEvent | RunEvent)[]): string {
  return events
    .flatMap(piecesOf)
    .map((piece) => layout.put(piece))
    .join('')
}

describe('the events of an answer', () => {
  it('are text, thoughts before it, and lines about tools between', () => {
    const events: (StreamEvent | RunEvent)[] = [
      thought('Hm, '),
      thought('yes.'),
      delta('Let me '),
      { type: 'stream_event', index: 0, event: delta('look.') },
      { type: 'tool_call_start', index: 0, id: 'a', name: 'vai_web_fetch', input: { url: 'http://a.test' } },
      result,
      delta('It says one.'),
    ]
    expect(written(new Layout(false), events)).toBe(
      'Hm, yes.\nLet me look.\n  ⚙ vai_web_fetch {"url":"http://a.test"}\n  ✓ vai_web_fetch (1.2 s): One Two\nIt says one.',
    )
    expect(written(new Layout(true), events.slice(0, 3))).toBe('\u001b[2mHm, \u001b[22m\u001b[2myes.\u001b[22m\nLet me ')
  })

  it('do not steer the terminal by the names, inputs and results of tools', () => {
    const events: RunEvent[] = [
      { type: 'tool_call_start', index: 0, id: 'a', name: 'x\u001b[2J', input: { a: '\u009b' } },
      { ...result, name: '\u001bc', content: `\u001b]52;c;aGk=\u0007${'long '.repeat(100)}`, is_error: true },
    ]
    const text = written(new Layout(true), events)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(text.split('\n').every((each) => each.length < 250)).toBe(true)
    expect(text).toContain('✗ ␛c (1.2 s)')
  })

  it('may be of kinds that nobody knows', () => {
    const unknown: StreamEvent = JSON.parse('{"type":"new_thing","delta":1}')
    const block: StreamEvent = JSON.parse('{"type":"content_block_start","index":0,"content_block":{"type":"new_block"}}')
    expect([...piecesOf(unknown), ...piecesOf(block), ...piecesOf({ type: 'ping' })]).toEqual([])
  })

  it('end a line once', () => {
    const layout = new Layout(false)
    expect(layout.end()).toBe('')
    expect(layout.put({ kind: 'said', text: 'a' }) + layout.end() + layout.end()).toBe('a\n')
    expect(layout.put({ kind: 'said', text: 'b\n' }) + layout.end()).toBe('b\n')
  })
})

describe('the end of an answer', () => {
  const told = (pieces: readonly Piece[]): readonly string[] => pieces.map(({ text }) => text)

  it('is told where it is not the usual one', () => {
    expect(told(endingOf('end_turn'))).toEqual([])
    expect(told(endingOf('stop_sequence'))).toEqual([])
    expect(told(endingOf('max_tokens'))[0]).toContain('--max-tokens')
    expect(told(endingOf('of_the_future'))).toEqual(['(it ended with of_the_future)'])
  })

  it('tells what was not done as it was asked for, and not without end', () => {
    const warnings = Array.from({ length: 30 }, (_, index) => ({ code: 'x', message: `No ${index}.` }))
    const lines = told(endingOf('end_turn', warnings))
    expect(lines[0]).toBe('Warning: No 0.')
    expect(lines.at(-1)).toBe('and 22 more warnings')
    expect(lines).toHaveLength(9)
  })
})

describe('a transcript', () => {
  it('is a line for each thing', () => {
    expect(transcriptOf([])).toBe('Nothing was said yet.')
    const messages: MessageParam[] = [
      { role: 'user', content: 'One?\nOr two?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 's' },
          { type: 'text', text: '\u001b[2JOne.' },
          { type: 'tool_use', id: 'a', name: 'read', input: { n: 1 } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'x' }] }] },
      { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://a.test' } }] },
    ]
    expect(transcriptOf(messages).split('\n')).toEqual([
      'you: One? Or two?',
      'thought: Hm.',
      'assistant: ␛[2JOne.',
      '⚙ read {"n":1}',
      '✓ x',
      '[image]',
    ])
  })

  it('has the last things of many', () => {
    const messages = Array.from({ length: 150 }, (_, index): MessageParam => ({ role: 'user', content: `${index}` }))
    const lines = transcriptOf(messages).split('\n')
    expect([lines[0], lines[1], lines.at(-1)]).toEqual(['(50 before)', 'you: 50', 'you: 149'])
  })
})
