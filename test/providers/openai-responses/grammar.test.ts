import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiResponses } from '../../../providers/openai-responses/index.ts'
import { openKept } from '../../../providers/openai-responses/kept.ts'
import { sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, expectGrammar, request } from '../openai-chat/drive.ts'
import { added, created, decode, done, event, type Json, messageOf, text } from './drive.ts'

type Kind = 'message' | 'refusal' | 'reasoning' | 'call' | 'custom' | 'code' | 'search' | 'mcp' | 'odd'

interface Script {
  readonly kinds: readonly Kind[]
  /** By turns: which item goes on, and by how many characters. */
  readonly turns: readonly (readonly [item: number, size: number])[]
  readonly said: readonly string[]
  /** Whether the items are told to be done, in which case the rest of them may come with that alone. */
  readonly finished: boolean
}

const script: fc.Arbitrary<Script> = fc.record({
  kinds: fc.array(
    fc.constantFrom<Kind[]>(
      'message',
      'refusal',
      'reasoning',
      'reasoning',
      'call',
      'call',
      'custom',
      'code',
      'search',
      'mcp',
      'odd',
    ),
    { minLength: 1, maxLength: 6 },
  ),
  turns: fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 9 })), { maxLength: 40 }),
  said: fc.array(fc.string({ maxLength: 20, unit: 'binary' }), { minLength: 6, maxLength: 6 }),
  finished: fc.boolean(),
})

/** An item as it is when it is complete; JSON inputs hold the text as their only field. */
function itemOf(kind: Kind, index: number, said: string): Json {
  const id = `i${index}`
  const json = JSON.stringify({ said })
  switch (kind) {
    case 'message':
      return { type: 'message', id, role: 'assistant', content: [{ type: 'output_text', text: said }] }
    case 'refusal':
      return { type: 'message', id, role: 'assistant', content: [{ type: 'refusal', refusal: said }] }
    case 'reasoning':
      return { type: 'reasoning', id, summary: [{ type: 'summary_text', text: said }] }
    case 'call':
      return { type: 'function_call', id, call_id: `c${index}`, name: 'f', arguments: json }
    case 'custom':
      return { type: 'custom_tool_call', id, call_id: `c${index}`, name: 'f', input: said }
    case 'code':
      return { type: 'code_interpreter_call', id, status: 'completed', code: said, outputs: [] }
    case 'search':
      return { type: 'web_search_call', id, status: 'completed', action: { type: 'search', query: said } }
    case 'mcp':
      return { type: 'mcp_call', id, name: 'g', server_label: 's', arguments: json, output: said }
    case 'odd':
      return { type: 'odd_call', id, said }
  }
}

/** The event that tells a piece of an item; undefined where it is told at once. */
function pieceOf(kind: Kind, index: number, delta: string): Json | undefined {
  switch (kind) {
    case 'message':
      return text(index, delta)
    case 'refusal':
      return event(index, 'refusal.delta', { content_index: 0, delta })
    case 'reasoning':
      return event(index, 'reasoning_summary_text.delta', { summary_index: 0, delta })
    case 'call':
      return event(index, 'function_call_arguments.delta', { delta })
    case 'custom':
      return event(index, 'custom_tool_call_input.delta', { delta })
    case 'code':
      return event(index, 'code_interpreter_call_code.delta', { delta })
    case 'mcp':
      return event(index, 'mcp_call_arguments.delta', { delta })
    default:
      return undefined
  }
}

/** What the pieces of an item are cut from. */
function wholeOf(kind: Kind, said: string): string {
  return kind === 'call' || kind === 'mcp' ? JSON.stringify({ said }) : said
}

function eventsOf({ kinds, turns, said, finished }: Script): Json[] {
  const told = kinds.map(() => 0)
  const begun = new Set<number>()
  const events: Json[] = []
  const begin = (index: number, kind: Kind): void => {
    if (begun.has(index)) return
    begun.add(index)
    const { content: _, summary: __, arguments: ___, input: ____, code: _____, output: ______, ...rest } = itemOf(kind, index, '')
    events.push(added(index, { ...rest, ...(kind === 'reasoning' && { summary: [] }) }))
  }
  const say = (index: number, kind: Kind, size: number): void => {
    begin(index, kind)
    const at = told[index] ?? 0
    const delta = wholeOf(kind, said[index] ?? '').slice(at, at + size)
    told[index] = at + delta.length
    const piece = pieceOf(kind, index, delta)
    if (piece && delta !== '') events.push(piece)
  }
  for (const [index, size] of turns) {
    const kind = kinds[index]
    if (kind) say(index, kind, size)
  }
  for (const [index, kind] of kinds.entries()) {
    if (finished) events.push(done(index, itemOf(kind, index, said[index] ?? '')))
    else say(index, kind, 1000)
  }
  return events
}

describe('whatever order the items are told in', () => {
  it('the events keep the grammar and nothing that was said is lost', () => {
    fc.assert(
      fc.property(script, (given) => {
        const { content } = messageOf(decode(eventsOf(given)))
        const { kinds, said, finished } = given
        const of = (...wanted: Kind[]): string[] => kinds.flatMap((kind, at) => (wanted.includes(kind) ? [said[at] ?? ''] : []))
        const characters = (parts: readonly string[]): string[] => parts.join('').split('').sort()
        const texts = content.map((block) => (block.type === 'text' ? block.text : ''))
        expect(characters(texts)).toEqual(characters(of('message', 'refusal')))
        const thoughts = content.map((block) => (block.type === 'thinking' ? block.thinking : ''))
        expect(characters(thoughts)).toEqual(characters(of('reasoning')))
        const inputs = content.flatMap((block) =>
          'input' in block ? Object.values(block.input).filter((value) => value !== 'search') : [],
        )
        const called = of('call', 'custom', 'code', 'mcp', ...(finished ? (['search'] as const) : []))
        expect(inputs.filter((value) => value !== '').sort()).toEqual(called.filter((value) => value !== '').sort())
      }),
      { numRuns: 300 },
    )
  })

  it('every thinking is sealed, and each item that was told whole is kept once', () => {
    fc.assert(
      fc.property(script, (given) => {
        const { content } = messageOf(decode(eventsOf({ ...given, finished: true })))
        const kept = content.flatMap((block) => {
          if (block.type !== 'thinking') return []
          const { items } = openKept('oai-resp', block.signature) ?? {}
          expect(items).toBeDefined()
          return (items ?? []).map(({ id }) => id)
        })
        const whole = given.kinds.flatMap((kind, at) =>
          ['reasoning', 'code', 'search', 'mcp', 'odd'].includes(kind) ? [`i${at}`] : [],
        )
        expect(kept.sort()).toEqual(whole.sort())
      }),
      { numRuns: 300 },
    )
  })
})

describe('wherever the bytes are cut', () => {
  const frames = (lineEnd: string, named: boolean): string =>
    [
      created,
      added(0, { type: 'reasoning', id: 'rs_1', summary: [] }),
      event(0, 'reasoning_summary_text.delta', { summary_index: 0, delta: '考える' }),
      done(0, { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: '考える' }] }),
      added(1, { type: 'message', id: 'msg_1', role: 'assistant', content: [] }),
      text(1, 'Größe 🙂 \u2028'),
      done(2, { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"ü":"🙂"}' }),
      { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } },
    ]
      .map(
        (data) => `${named ? `event: ${data.type}${lineEnd}` : ': a comment\n'}data: ${JSON.stringify(data)}${lineEnd}${lineEnd}`,
      )
      .join('')

  it.each(['bytes', 'whole', { seed: 1 }, { seed: 2, max: 7 }, { seed: 3, max: 200 }] as const)(
    'the events are the same: %j',
    async (chunks) => {
      const { call } = await callTo([
        sse(frames('\n', true)),
        sse(frames('\r\n', true), { chunks }),
        sse(`${frames('\n', false)}data: [DONE]\n\n`, { chunks }),
      ])
      const expected = await collect(openaiResponses.stream(request, call))
      expectGrammar(expected)
      expect(await collect(openaiResponses.stream(request, call))).toEqual(expected)
      expect(await collect(openaiResponses.stream(request, call))).toEqual(expected)
      expect(expected.filter(({ type }) => type === 'content_block_start')).toHaveLength(4)
    },
  )
})
