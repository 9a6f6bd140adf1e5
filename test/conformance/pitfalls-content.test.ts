import { describe, expect, it } from 'vitest'
import { unseal } from '../../providers/sealed.ts'
import type { Player } from './expectations/row.ts'
import { chatStream, chunksOf, pitfall, recorded, told, toldBy, whole, wholeBy } from './pitfalls.ts'

/**
 * What real providers send that an adapter gets wrong which only knows their documentation: in tool calls, in reasoning and in
 * content. Each test first finds the thing in the recording that shows it; where no recording does, a stream was written for it.
 */

type Json = Record<string, unknown>

/** The deltas of a Chat Completions stream, one a chunk. */
async function deltasOf(name: string): Promise<Json[]> {
  return (await chunksOf(name)).flatMap(({ choices }): Json[] =>
    Array.isArray(choices) && choices[0] ? [{ ...Object(choices[0]).delta, finish: Object(choices[0]).finish_reason }] : [],
  )
}

/** The pieces of tool calls, in order. */
async function callsOf(name: string): Promise<Json[]> {
  return (await deltasOf(name)).flatMap(({ tool_calls: calls }): Json[] => (Array.isArray(calls) ? calls : []))
}

describe('tool calls', () => {
  pitfall('the first index is 1', async () => {
    const name = 'openai-compatible/anthropic-compat-index-1.sse'
    expect((await callsOf(name)).map(({ index }) => index)).toEqual([1, 1, 1, 1])
    expect((await toldBy(name)).calls).toEqual([['read_file', { path: 'a.txt' }]])
  })

  const inOneChunk: readonly (readonly [Player, string, string])[] = [
    ['groq', 'groq/tool-call.sse', '{}'],
    ['preset:xai', 'xai/chat-tool-call.sse', '{"location":"San Francisco"}'],
    ['preset:mistral', 'mistral/tool-call.sse', '{"latitude":"52.5200","longitude":"13.4050"}'],
    ['preset:ollama', 'ollama/tool-call.sse', '{"latitude":"48.8575","longitude":"2.3514"}'],
    ['preset:azure', 'azure/chat-tool-call.sse', '{}'],
  ]
  for (const [by, name, input] of inOneChunk) {
    pitfall(`all arguments come in one chunk: ${by}`, async () => {
      expect(await callsOf(name)).toHaveLength(1)
      expect((await toldBy(name)).calls.map(([, value]) => value)).toEqual([JSON.parse(input)])
    })
  }

  pitfall('the arguments and the reason to finish come in one chunk', async () => {
    expect((await deltasOf('mistral/tool-call.sse')).at(-1)).toMatchObject({ tool_calls: [{}], finish: 'tool_calls' })
    expect((await toldBy('mistral/tool-call.sse')).stop).toBe('tool_use')
  })

  pitfall('the pieces that follow have an empty id', async () => {
    expect((await callsOf('alibaba/tool-call.sse')).slice(1).map(({ id }) => id)).toEqual(['', '', ''])
    const { content } = await toldBy('alibaba/tool-call.sse')
    expect(content).toMatchObject([
      { type: 'tool_use', id: 'call_eee11723464a4b9eb8cee71d', input: { location: 'San Francisco' } },
    ])
  })

  pitfall('the pieces that follow have an empty name', async () => {
    expect((await callsOf('mistral/incremental-tool-glm.sse'))[1]).toMatchObject({ function: { name: '' } })
    expect((await toldBy('mistral/incremental-tool-glm.sse')).calls).toEqual([
      ['webSearchTool', { query: 'current Berlin weather' }],
    ])
  })

  pitfall('one empty piece of JSON is all there is of a call without arguments', async () => {
    const name = 'anthropic/tool-call-no-args.sse'
    expect((await recorded(name)).match(/"partial_json":"[^"]*"/g)).toEqual(['"partial_json":""'])
    expect((await toldBy(name)).calls).toEqual([['best_language_to_learn', {}]])
  })

  pitfall('the input stands in content_block_start, and no piece follows', async () => {
    const name = 'anthropic/programmatic-tool-calling.sse'
    const starts = (await chunksOf(name)).filter(({ type }) => type === 'content_block_start')
    expect(starts.at(-1)).toMatchObject({ content_block: { type: 'tool_use', input: { player: 'player1' } } })
    expect((await toldBy(name)).calls).toEqual([['rollDie', { player: 'player1' }]])
  })

  pitfall('calls have no ids, and only the first is signed', async () => {
    const { parts } = JSON.parse(await recorded('gemini/parallel-tools-whole.json')).candidates[0].content
    expect(parts.map((part: Json) => [Object(part.functionCall).id, 'thoughtSignature' in part])).toEqual([
      [undefined, true],
      [undefined, false],
    ])
    const { content } = await wholeBy('gemini/parallel-tools-whole.json')
    const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block] : []))
    expect(calls.map(({ name }) => name)).toEqual(['weather', 'best_language_to_learn'])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    const signatures = content.flatMap((block) => (block.type === 'thinking' ? [block.signature ?? ''] : []))
    expect(signatures.filter((signature) => unseal('gem-dev', signature)?.includes(parts[0].thoughtSignature))).toHaveLength(1)
  })

  pitfall('identical calls without ids are two calls', async () => {
    const part = { functionCall: { name: 'roll', args: { sides: 6 } } }
    const candidate = { content: { role: 'model', parts: [part, part] }, finishReason: 'STOP' }
    const { content } = await whole('gem-dev', JSON.stringify({ candidates: [candidate] }))
    const call = { type: 'tool_use', name: 'roll', input: { sides: 6 } }
    expect(content).toMatchObject([call, call])
    expect(new Set(content.map((block) => ('id' in block ? block.id : ''))).size).toBe(2)
  })

  pitfall('arguments come in pieces by their JSON path', async () => {
    expect(await recorded('gemini/vertex-partial-args.sse')).toContain('"jsonPath":"$.recipe.ingredients[4].name"')
    const [call] = (await toldBy('gemini/vertex-partial-args.sse')).calls
    expect(call?.[1]).toMatchObject({
      recipe: { name: 'Lasagna', ingredients: Array.from({ length: 10 }, () => expect.any(Object)), steps: expect.any(Array) },
    })
  })

  pitfall('the last piece of the arguments never comes', async () => {
    expect(await recorded('gemini/partial-args-no-terminal.sse')).not.toContain('"functionCall":{}')
    const { calls, stop } = await toldBy('gemini/partial-args-no-terminal.sse')
    expect(calls).toMatchObject([['writeItems', { operations: [{ price: 0.5 }, { itemid: 'banana_001', price: 0.3 }] }]])
    expect(stop).toBe('tool_use')
  })

  pitfall('the arguments are done without a piece before', async () => {
    const types = (await chunksOf('lmstudio/responses-tool.sse')).map(({ type }) => type)
    expect(types).toContain('response.function_call_arguments.done')
    expect(types).not.toContain('response.function_call_arguments.delta')
    expect((await toldBy('lmstudio/responses-tool.sse')).calls).toEqual([['weather', { location: 'San Francisco' }]])
  })
})

describe('reasoning', () => {
  const fields: readonly (readonly [field: string, Player, name: string, length: number])[] = [
    ['reasoning_content', 'preset:deepseek', 'deepseek/reasoning.sse', 882],
    ['reasoning_content', 'preset:xai', 'xai/chat-tool-call.sse', 1069],
    ['reasoning_content', 'plain:zai', 'zai/reasoning.sse', 2173],
    ['reasoning', 'groq', 'groq/tool-retry.sse', 92],
    ['reasoning', 'preset:ollama', 'ollama/text-reasoning.sse', 119],
    ['reasoning', 'openrouter', 'openrouter/reasoning.sse', 51],
  ]
  for (const [field, by, name, length] of fields) {
    pitfall(`it is in \`${field}\`: ${by}`, async () => {
      expect((await deltasOf(name)).filter((delta) => delta[field]).length).toBeGreaterThan(2)
      expect((await toldBy(name)).thinking).toHaveLength(length)
    })
  }

  const wholes: readonly (readonly [Player, name: string, length: number])[] = [
    ['cerebras', 'cerebras/reasoning-gpt-oss-whole.json', 92],
    ['preset:vllm', 'crusoe-vllm/tool-call-whole.json', 105],
  ]
  for (const [by, name, length] of wholes) {
    pitfall(`it is in \`reasoning\`: ${by}`, async () => {
      expect(JSON.parse(await recorded(name)).choices[0].message.reasoning).toHaveLength(length)
      const [first] = (await wholeBy(name)).content
      expect(first).toMatchObject({ type: 'thinking', thinking: expect.stringMatching(new RegExp(`^.{${length}}$`, 's')) })
    })
  }

  pitfall('it is in `reasoning_details` alone', async () => {
    const deltas = await deltasOf('snowflake/thinking.sse')
    expect(deltas.some((delta) => delta.reasoning || delta.reasoning_content)).toBe(false)
    expect((await toldBy('snowflake/thinking.sse')).thinking).toBe('15 * 27 = 405')
  })

  pitfall('it is encrypted, without a text', async () => {
    const name = 'openrouter/native-options.sse'
    const [detail] = (await deltasOf(name)).flatMap(({ reasoning_details: details }) => (Array.isArray(details) ? details : []))
    expect(detail).toMatchObject({ type: 'reasoning.encrypted', data: expect.stringMatching(/^.{799}$/) })
    const { content } = await toldBy(name)
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '' })
    expect(unseal('openrouter', content[0]?.type === 'thinking' ? (content[0].signature ?? '') : '')).toContain(detail.data)
  })

  pitfall('content is an array of it, and then a string', async () => {
    const kinds = (await deltasOf('mistral/thinking.sse')).map(({ content }) =>
      Array.isArray(content) ? 'array' : typeof content,
    )
    expect([...new Set(kinds)]).toEqual(['string', 'array'])
    expect(kinds.at(-1)).toBe('string')
    const { thinking, text } = await toldBy('mistral/thinking.sse')
    expect([thinking.length, text.length]).toEqual([421, 607])
  })

  it('one array holds the last piece of it and the first of the text', async () => {
    const mixed = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'three.' }] },
      { type: 'text', text: 'It is' },
    ]
    const thinking = [{ type: 'thinking', thinking: [{ type: 'text', text: 'One, two, ' }] }]
    const answer = await told('openai', chatStream([{ content: thinking }, { content: mixed }, { content: ' three.' }]))
    expect([answer.thinking, answer.text]).toEqual(['One, two, three.', 'It is three.'])
  })

  pitfall('it is left in the text, between <think> tags', async () => {
    const name = 'huggingface/together-text-whole.json'
    expect(JSON.parse(await recorded(name)).choices[0].message.content).toMatch(/^<think>[\s\S]*<\/think>/)
    const { content } = await wholeBy(name)
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    expect(content[1]).toMatchObject({ text: expect.stringMatching(/^Hello! .* today\?$/u) })
  })
})

describe('content', () => {
  pitfall('it is null, and the role stands in every chunk', async () => {
    const deltas = await deltasOf('openrouter/tool-call.sse')
    expect(deltas.every(({ role }) => role === 'assistant')).toBe(true)
    expect(deltas.some(({ content }) => content === null)).toBe(true)
    expect((await toldBy('openrouter/tool-call.sse')).content.map(({ type }) => type)).toEqual(['tool_use'])
  })

  pitfall('the last chunk has the whole message beside its delta', async () => {
    const last = (await chunksOf('perplexity/citations.sse')).at(-1)
    expect(last).toMatchObject({ choices: [{ message: { content: '1 2 3' }, delta: { content: '' } }] })
    expect((await toldBy('perplexity/citations.sse')).text).toBe('1 2 3')
  })

  const silent: readonly (readonly [what: string, name: string])[] = [
    ['a candidate’s content has no parts', 'gemini/safety-no-parts-whole.json'],
    ['a candidate has no content', 'gemini/armor-no-content-whole.json'],
    ['there are no candidates', 'gemini/prompt-blocked-whole.json'],
  ]
  for (const [what, name] of silent) {
    pitfall(what, async () => {
      expect(JSON.parse(await recorded(name)).candidates?.[0]?.content?.parts).toBeUndefined()
      expect(await wholeBy(name)).toMatchObject({ content: [], stop_reason: 'refusal' })
    })
  }

  pitfall('an empty text is signed', async () => {
    const last = (await chunksOf('gemini/code-execution.sse')).at(-1)
    const { text, thoughtSignature } = Object(last?.candidates)[0].content.parts[0]
    expect([text, thoughtSignature.length]).toEqual(['', 348])
    const { content } = await toldBy('gemini/code-execution.sse')
    const signatures = content.flatMap((block) => (block.type === 'thinking' ? [block.signature ?? ''] : []))
    expect(signatures.filter((signature) => unseal('gem-dev', signature)?.includes(thoughtSignature))).toHaveLength(1)
  })

  pitfall('the ids of an item differ from event to event', async () => {
    const ids = (await chunksOf('openai/responses-id-rotation-copilot.sse')).map(({ item_id: id, item }) => id ?? Object(item).id)
    expect(new Set(ids.filter(Boolean)).size).toBeGreaterThan(60)
    const { text, thinking } = await toldBy('openai/responses-id-rotation-copilot.sse')
    expect([thinking.length, text.length]).toEqual([34, 138])
  })

  pitfall('a second message_start comes from a proxy that tried again', async () => {
    const name = 'anthropic/spliced-message-start.sse'
    expect((await recorded(name)).match(/^event: message_start$/gm)).toHaveLength(2)
    const { events, error } = await toldBy(name)
    expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
    expect(error).toMatchObject({ code: 'provider_protocol' })
  })

  pitfall('the turn is paused', async () => {
    expect((await toldBy('anthropic/pause-turn.sse')).stop).toBe('pause_turn')
  })

  pitfall('the context was compacted', async () => {
    expect(await recorded('anthropic/compaction.sse')).toContain('"compaction_delta"')
    const { content } = await toldBy('anthropic/compaction.sse')
    expect(content[0]).toMatchObject({ type: 'compaction', content: expect.stringMatching(/^.{299}$/s) })
  })

  pitfall('a refusal has no blocks', async () => {
    expect(await recorded('anthropic/refusal.sse')).not.toContain('content_block_start')
    expect(await toldBy('anthropic/refusal.sse')).toMatchObject({ content: [], stop: 'refusal', error: undefined })
  })
})
