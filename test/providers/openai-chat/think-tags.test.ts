import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ThinkTags } from '../../../providers/openai-chat/think-tags.ts'
import { contentOf, decode, delta, messageOf, stop } from './chunks.ts'

/** What a text comes to, given in these pieces. */
function told(...pieces: readonly string[]): { thinking: string; text: string; isInOrder: boolean } {
  const told = { thinking: '', text: '', isInOrder: true }
  const tags = new ThinkTags({
    thinking: (piece) => {
      told.isInOrder &&= told.text === ''
      told.thinking += piece
    },
    text: (piece) => {
      told.text += piece
    },
  })
  for (const piece of pieces) tags.write(piece)
  tags.end()
  return told
}

function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((start, index) => text.slice(start, ends[index] ?? text.length))
}

describe('think tags', () => {
  it.each([
    ['<think>Hm.</think>Yes.', 'Hm.', 'Yes.'],
    ['<think>\nHm.\n</think>\n\nYes.', 'Hm.\n', 'Yes.'],
    ['\n <think>Hm.</think>Yes.', 'Hm.', 'Yes.'],
    ['<think>\n\n</think>\n\nYes.', '', 'Yes.'],
    ['<think></think>', '', ''],
    ['<think>cut off', 'cut off', ''],
    ['<think>cut off</thi', 'cut off</thi', ''],
    ['<think>a < b </ c</think>d', 'a < b </ c', 'd'],
    ['<think>a</think>b<think>c</think>d', 'a', 'b<think>c</think>d'],
    ['Say <think>x</think>.', '', 'Say <think>x</think>.'],
    ['<thinking>x</thinking>', '', '<thinking>x</thinking>'],
    ['<thi', '', '<thi'],
    ['<', '', '<'],
    ['  text', '', '  text'],
    ['   ', '', '   '],
    ['', '', ''],
  ])('%j', (text, thinking, answer) => {
    expect(told(text)).toEqual({ thinking, text: answer, isInOrder: true })
    expect(told(...text)).toEqual({ thinking, text: answer, isInOrder: true })
  })

  it('come to the same wherever the text is cut', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', '</', 'think>', 'a', ' ', '\n', '🙂')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 8 }), (parts, places) => {
        const text = parts.join('')
        expect(told(...cut(text, places))).toEqual(told(text))
      }),
    )
  })

  it('are not waited for behind any amount of white space', () => {
    const tags = new ThinkTags({ thinking: () => undefined, text: () => undefined })
    tags.write(' '.repeat(300))
    expect(tags.done).toBe(true)
  })

  it('give out at once what cannot be a tag', () => {
    const texts: string[] = []
    const tags = new ThinkTags({ thinking: (text) => texts.push(`thought ${text}`), text: (text) => texts.push(text) })
    for (const piece of ['<think>', 'one', ' two', '<', '/think', '>', 'three']) tags.write(piece)
    expect(texts).toEqual(['thought one', 'thought  two', 'three'])
  })
})

describe('an answer with think tags', () => {
  const thinkTags = true

  it('has a block of thinking, sealed, and the text without it', () => {
    const chunks = ['<th', 'ink>\nHm', '.\n</think', '>\n\nYes', '.'].map((content) => delta({ content }))
    expect(contentOf([...chunks, stop], { thinkTags })).toEqual([
      { type: 'thinking', thinking: 'Hm.\n', signature: 'vai.openai.' },
      { type: 'text', text: 'Yes.' },
    ])
  })

  it('is left as it is where its dialect has none', () => {
    expect(contentOf([delta({ content: '<think>Hm.</think>Yes.' }), stop])).toEqual([
      { type: 'text', text: '<think>Hm.</think>Yes.' },
    ])
  })

  it('may be cut off while it thinks, or call a tool without a word between', () => {
    const cutOff = messageOf(decode([delta({ content: '<think>Hm', finish_reason: null }), stop], { dialect: { thinkTags } }))
    expect(cutOff.content).toEqual([{ type: 'thinking', thinking: 'Hm', signature: 'vai.openai.' }])
    const call = { index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }
    const calling = [delta({ content: '<think>Hm</think>\n\n' }), delta({ tool_calls: [call] }), stop]
    expect(contentOf(calling, { thinkTags }).map(({ type }) => type)).toEqual(['thinking', 'tool_use'])
  })

  it('that begins like one is text once more is known', () => {
    expect(contentOf([delta({ content: '<th' }), stop], { thinkTags })).toEqual([{ type: 'text', text: '<th' }])
  })
})
