import { describe, expect, it } from 'vitest'
import type { Message } from '../../../api/schemas.gen.ts'
import { costOf } from '../../../plugins/messages/cost.ts'
import { openKept } from '../../../providers/openai-responses/kept.ts'
import { added, created, decode, done, event, type Json, messageOf, newDecoder, text } from './drive.ts'

function contentOf(...events: readonly Json[]): Message['content'] {
  return messageOf(decode(events)).content
}

function answer(...events: readonly Json[]): Message {
  return messageOf(decode(events))
}

function keptBy(block: Message['content'][number] | undefined): unknown {
  return block?.type === 'thinking' ? openKept('oai-resp', block.signature) : undefined
}

const msg: Json = { type: 'message', id: 'msg_1', role: 'assistant', content: [] }
const rs: Json = { type: 'reasoning', id: 'rs_1', summary: [] }
const fc: Json = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '' }

describe('text', () => {
  it('is told in pieces, and what comes again whole says nothing more', () => {
    const whole = { ...msg, content: [{ type: 'output_text', text: 'Hello', annotations: [] }] }
    const events = [added(0, msg), text(0, 'Hel'), text(0, 'lo'), event(0, 'output_text.done', { text: 'Hello' }), done(0, whole)]
    expect(contentOf(...events)).toEqual([{ type: 'text', text: 'Hello' }])
  })

  it.each([
    ['its own end', [added(0, msg), event(0, 'output_text.done', { content_index: 0, text: 'Hello' })]],
    ["the item's end", [added(0, msg), done(0, { ...msg, content: [{ type: 'output_text', text: 'Hello' }] })]],
    ["the item's end alone", [done(0, { ...msg, content: [{ type: 'output_text', text: 'Hello' }] })]],
    [
      'a piece and the rest at the end',
      [added(0, msg), text(0, 'He'), done(0, { ...msg, content: [{ type: 'output_text', text: 'Hello' }] })],
    ],
  ])('may come with %s', (_, events) => {
    expect(contentOf(...events)).toEqual([{ type: 'text', text: 'Hello' }])
  })

  it('may come with the end of the stream alone', () => {
    const output = [{ ...msg, content: [{ type: 'output_text', text: 'Hello' }] }]
    expect(messageOf(decode([], { output })).content).toEqual([{ type: 'text', text: 'Hello' }])
    expect(messageOf(decode([added(0, msg), text(0, 'He')], { output })).content).toEqual([{ type: 'text', text: 'Hello' }])
  })

  it('is not told twice where the end counts its items in another way', () => {
    const output = [{ ...msg, id: 'msg_other', content: [{ type: 'output_text', text: 'Hello' }] }]
    expect(messageOf(decode([added(1, msg), text(1, 'Hello')], { output })).content).toEqual([{ type: 'text', text: 'Hello' }])
  })

  it('may come without its beginning, or without a place', () => {
    expect(contentOf(text(0, 'He'), text(0, 'llo'))).toEqual([{ type: 'text', text: 'Hello' }])
    const placeless = [added(0, rs), done(0, rs), added(1, msg), text(1, 'a'), added(2, msg), text(2, 'b')]
    const [thinking, ...texts] = contentOf(...placeless.map(({ output_index: _, ...event }) => event))
    expect(thinking?.type).toBe('thinking')
    expect(texts.filter(({ type }) => type === 'text')).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })

  it('of several parts is several blocks', () => {
    expect(contentOf(added(0, msg), text(0, 'a', 0), text(0, 'b', 1), text(0, 'c', 1))).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'bc' },
    ])
  })

  it('says where it comes from', () => {
    const annotation = { type: 'url_citation', url: 'https://a.test', title: 'A', start_index: 0, end_index: 1 }
    const events = [
      added(0, msg),
      text(0, 'x'),
      event(0, 'output_text.annotation.added', { content_index: 0, annotation_index: 0, annotation }),
      text(0, 'y'),
      done(0, {
        ...msg,
        content: [{ type: 'output_text', text: 'xy', annotations: [annotation, { ...annotation, url: 'https://b.test' }] }],
      }),
    ]
    const citation = { type: 'web_search_result_location', title: 'A', encrypted_index: '', cited_text: '' }
    expect(contentOf(...events)).toEqual([
      {
        type: 'text',
        text: 'xy',
        citations: [
          { ...citation, url: 'https://a.test' },
          { ...citation, url: 'https://b.test' },
        ],
      },
    ])
  })

  it('tells of files in the metadata', () => {
    const annotation = { type: 'container_file_citation', container_id: 'cntr_1', file_id: 'cfile_1', filename: 'a.csv' }
    const { metadata, content } = answer(added(0, msg), text(0, 'x'), event(0, 'output_text.annotation.added', { annotation }))
    expect(content).toEqual([{ type: 'text', text: 'x' }])
    expect(metadata?.provider).toMatchObject({ annotations: [annotation] })
  })

  it('of a refusal is text, and the reason to stop', () => {
    const refused = answer(
      added(0, msg),
      event(0, 'refusal.delta', { delta: 'I can' }),
      event(0, 'refusal.done', { refusal: "I can't." }),
    )
    expect(refused).toMatchObject({ content: [{ type: 'text', text: "I can't." }], stop_reason: 'refusal' })
  })
})

describe('reasoning', () => {
  const summary = (delta: string, index: number): Json =>
    event(0, 'reasoning_summary_text.delta', { summary_index: index, delta })
  const thought = (delta: string): Json => event(0, 'reasoning_text.delta', { content_index: 0, delta })
  const whole = { ...rs, summary: [{ type: 'summary_text', text: 'One' }], encrypted_content: 'gAAA' }

  it('is one block of paragraphs, whose signature keeps the item and what follows it', () => {
    const content = contentOf(
      added(0, rs),
      summary('On', 0),
      summary('e', 0),
      summary('Two', 1),
      done(0, whole),
      added(1, msg),
      text(1, 'x'),
    )
    expect(content).toMatchObject([
      { type: 'thinking', thinking: 'One\n\nTwo' },
      { type: 'text', text: 'x' },
    ])
    expect(keptBy(content[0])).toEqual({ items: [whole], next: { type: 'message', id: 'msg_1', role: 'assistant' } })
  })

  it('that is not shown is an empty block', () => {
    const content = contentOf(added(0, rs), done(0, { ...whole, summary: [] }), added(1, fc), done(1, { ...fc, arguments: '{}' }))
    expect(content).toMatchObject([
      { type: 'thinking', thinking: '' },
      { type: 'tool_use', id: 'call_1' },
    ])
    expect(keptBy(content[0])).toMatchObject({ items: [{ id: 'rs_1' }], next: { type: 'function_call', id: 'fc_1' } })
  })

  it('may be the thoughts themselves', () => {
    const text = 'Let me see.'
    const item = { ...rs, content: [{ type: 'reasoning_text', text }] }
    expect(contentOf(added(0, rs), thought('Let me'), event(0, 'reasoning_text.done', { text }), done(0, item))).toMatchObject([
      { type: 'thinking', thinking: text },
    ])
  })

  it('that ends after the text has begun is kept as far as it was told', () => {
    const content = contentOf(
      added(0, rs),
      thought('Hm'),
      added(1, msg),
      text(1, 'x'),
      done(1, msg),
      done(0, { ...rs, content: [] }),
    )
    expect(content).toMatchObject([
      { type: 'thinking', thinking: 'Hm' },
      { type: 'text', text: 'x' },
    ])
    expect(keptBy(content[0])).toEqual({
      items: [{ ...rs, content: [{ type: 'reasoning_text', text: 'Hm' }] }],
      next: { type: 'message', id: 'msg_1', role: 'assistant' },
    })
  })

  it('that could then not be kept whole is told of', () => {
    const { metadata } = answer(added(0, rs), thought('Hm'), added(1, msg), text(1, 'x'), done(0, whole))
    expect(metadata?.warnings).toMatchObject([{ code: 'reasoning_incomplete' }])
  })

  it('is always sealed, at the end of an answer too', () => {
    const content = contentOf(added(0, rs), thought('Hm'))
    expect(content).toMatchObject([{ type: 'thinking', thinking: 'Hm', signature: expect.stringMatching(/^vai\.oai-resp\./) }])
  })
})

describe('calls', () => {
  const input = (index: number, delta: string): Json => event(index, 'function_call_arguments.delta', { delta })
  const second = { ...fc, id: 'fc_2', call_id: 'call_2', name: 'g' }

  it('may be told by turns', () => {
    const content = contentOf(
      ...[added(0, fc), input(0, '{"a"'), added(1, second), input(1, '{"b'), input(0, ':1}'), input(1, '":2}')],
      ...[done(1, { ...second, arguments: '{"b":2}' }), done(0, { ...fc, arguments: '{"a":1}' })],
    )
    expect(content).toEqual([
      { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } },
      { type: 'tool_use', id: 'call_2', name: 'g', input: { b: 2 } },
    ])
  })

  it.each([
    ['the end of the arguments', [added(0, fc), event(0, 'function_call_arguments.done', { arguments: '{"a":1}' })]],
    ['the end of the item', [added(0, fc), done(0, { ...fc, arguments: '{"a":1}' })]],
    ['the end of the item alone', [done(0, { ...fc, arguments: '{"a":1}' })]],
    [
      'other ids in every event',
      [added(0, fc), { ...input(0, '{"a":1}'), item_id: 'x' }, done(0, { ...fc, id: 'y', arguments: '{"a":1}' })],
    ],
  ])('may be told by %s', (_, events) => {
    expect(contentOf(...events)).toEqual([{ type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } }])
  })

  it('of free text have it as their input, wherever it is cut', () => {
    const custom = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'sql', input: '' }
    const said = 'SELECT "é\n🙂"'
    const deltas = [...said]
      .flatMap((character) => character.split(''))
      .map((delta) => event(0, 'custom_tool_call_input.delta', { delta }))
    const content = contentOf(added(0, custom), ...deltas, done(0, { ...custom, input: said }))
    expect(content[1]).toEqual({ type: 'tool_use', id: 'call_1', name: 'sql', input: { input: said } })
    expect(keptBy(content[0])).toEqual({ items: [], next: { type: 'custom_tool_call', id: 'ctc_1' } })
  })

  it('keep what else they have, where the answer has reasoning', () => {
    const content = contentOf(done(0, rs), done(1, fc), done(2, { ...second, namespace: 'n', arguments: '{}' }))
    expect(keptBy(content[2])).toEqual({ items: [], next: { type: 'function_call', id: 'fc_2', namespace: 'n' } })
  })

  it('are the reason to stop', () => {
    expect(answer(done(0, fc)).stop_reason).toBe('tool_use')
  })
})

describe("the API's own tools", () => {
  it('stream code as it is written', () => {
    const item = { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', code: 'x', outputs: [] }
    const events = decode([added(0, item), event(0, 'code_interpreter_call_code.delta', { delta: 'print(' })])
    expect(events).toContainEqual({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: 'print(' },
    })
  })

  it('may fail', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'failed' }
    const code = { type: 'code_interpreter_call', id: 'ci_1', status: 'failed', code: null, outputs: null }
    const mcp = {
      type: 'mcp_call',
      id: 'mcp_1',
      name: 'look',
      server_label: 's',
      arguments: '{}',
      error: { type: 'http_error', code: 500 },
    }
    const { content, usage } = answer(done(0, search), done(1, code), done(2, mcp))
    expect(content.filter(({ type }) => type.endsWith('_result'))).toMatchObject([
      { content: { type: 'web_search_tool_result_error', error_code: 'unavailable' } },
      { content: { type: 'code_execution_result', return_code: 1 } },
      { is_error: true, content: [{ type: 'text', text: '{"type":"http_error","code":500}' }] },
    ])
    expect(usage).not.toHaveProperty('server_tool_use')
  })

  it('count as searches only where they searched', () => {
    const search = (action: Json): Json => ({ type: 'web_search_call', id: 'ws', status: 'completed', action })
    const { usage } = answer(
      done(0, search({ type: 'search', query: 'q' })),
      done(1, search({ type: 'open_page', url: 'https://a.test' })),
      done(2, search({ type: 'search', queries: ['q', 'r'] })),
    )
    expect(usage).toMatchObject({ server_tool_use: { web_search_requests: 2 } })
  })

  it('tell pictures that code made', () => {
    const outputs = [
      { type: 'logs', logs: 'a' },
      { type: 'image', url: 'https://a.test/p.png' },
    ]
    const content = contentOf(done(0, { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', code: 'x', outputs }))
    expect(content.at(-1)).toMatchObject({
      content: { stdout: 'a', content: [{ type: 'image', source: { type: 'url', url: 'https://a.test/p.png' } }] },
    })
  })

  it('that could not list what they offer are told of', () => {
    const { metadata } = answer(
      done(0, { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 's', tools: [], error: 'no such host' }),
    )
    expect(metadata?.warnings).toMatchObject([{ code: 'mcp_server_failed', param: 'mcp_servers' }])
  })
})

describe('what has no place', () => {
  it('is kept: unknown items, to go back too; unknown events; unknown fields', () => {
    const item = { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }
    const odd = event(0, 'something.new', { a: 1 })
    const { content, metadata } = messageOf(decode([added(0, item), odd, done(0, item)], { service_tier: 'flex', tools: [{}] }))
    expect(keptBy(content[0])).toEqual({ items: [item], next: undefined })
    expect(metadata?.provider).toEqual({
      id: 'resp_1',
      status: 'completed',
      service_tier: 'flex',
      output_items: [item],
      events: [odd],
    })
  })

  it('is bounded, and said to be left out', () => {
    const { metadata } = answer(done(0, { type: 'odd', data: 'x'.repeat(100_000) }))
    expect(metadata?.warnings).toMatchObject([{ code: 'provider_field_left_out' }])
  })
})

describe('the end', () => {
  it.each([
    [{ status: 'completed' }, 'end_turn'],
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'max_tokens'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'refusal'],
    [{ status: 'incomplete', incomplete_details: { reason: 'something_new' } }, 'end_turn'],
  ])('%j is %s', (response, reason) => {
    const { stop_reason, metadata } = messageOf(decode([added(0, msg), text(0, 'x')], response))
    expect(stop_reason).toBe(reason)
    expect(metadata?.provider).toMatchObject(response)
  })

  it.each<[Json, string]>([
    [{ status: 'incomplete', incomplete_details: { reason: 'something_new' } }, 'something_new'],
    [{ status: 'incomplete' }, 'does not say why'],
  ])('%j is told to be incomplete', (response, why) => {
    const { metadata } = messageOf(decode([added(0, msg), text(0, 'x')], response))
    expect(metadata?.warnings).toMatchObject([{ code: 'incomplete', message: expect.stringContaining(why) }])
  })

  it('needs no warning where it is known', () => {
    const response = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    expect(messageOf(decode([added(0, msg), text(0, 'x')], response)).metadata?.warnings).toBeUndefined()
  })

  it.each([[[7]], [[{ content: [] }]], [[null]]])(
    'of a whole answer without a status is none where its items are %j',
    (output) => {
      expect(() => newDecoder().whole({ output })).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
    },
  )

  it('counts pictures that were made, which cost by the piece', () => {
    const picture = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'aGk=' }
    const { usage } = messageOf(decode([added(0, picture), done(0, picture)], { usage: { input_tokens: 1, output_tokens: 1 } }))
    expect(usage).toMatchObject({ server_tool_use: { image_generation_requests: 1 } })
    expect(
      costOf(usage, {}, { asked: { as_of: '2026-11-21', source: 'the test', input: 1, output: 1 }, of: () => undefined }),
    ).toBeUndefined()
  })

  it('counts what was read from the cache by itself', () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
    }
    const canonical = {
      input_tokens: 5,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 1,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    }
    expect(messageOf(decode([], { usage })).usage).toEqual(canonical)
    expect(messageOf(decode([])).usage).toEqual({})
  })

  it.each<[string, Json, string]>([
    ['an error', { type: 'error', code: 'rate_limit_exceeded', message: 'slow' }, 'provider_rate_limit'],
    ['an error in an error', { type: 'error', error: { code: 'insufficient_quota', message: 'pay' } }, 'provider_quota'],
    [
      'a failure',
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'x' } } },
      'provider_error',
    ],
    ['a failure by a status', { type: 'response.completed', response: { status: 'failed', error: null } }, 'provider_error'],
    ['being cancelled', { type: 'response.cancelled', response: { status: 'cancelled' } }, 'provider_error'],
  ])('may be %s', (_, event, code) => {
    const decoder = newDecoder()
    decoder.feed(created)
    expect(() => decoder.feed(event)).toThrow(expect.objectContaining({ name: 'GatewayError', code }))
  })

  it('may be missing', () => {
    const decoder = newDecoder()
    expect(() => newDecoder().end()).toThrow(expect.objectContaining({ code: 'provider_protocol' }))
    decoder.feed(created)
    expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'provider_disconnected' }))
  })

  it.each<[string, unknown, string]>([
    ['no object', [], 'provider_protocol'],
    ['without output', { id: 'x' }, 'provider_protocol'],
    ['an error', { error: { message: 'slow', code: 'rate_limit_exceeded' } }, 'provider_rate_limit'],
    ['a failure', { status: 'failed', output: [], error: { code: 'invalid_prompt', message: 'no' } }, 'provider_rejected'],
    ['not there yet', { status: 'queued', output: [] }, 'provider_protocol'],
  ])('of a whole answer may be %s', (_, response, code) => {
    expect(() => newDecoder().whole(response)).toThrow(expect.objectContaining({ name: 'GatewayError', code }))
  })
})

describe('an item that only the end of the stream tells', () => {
  const whole = { ...fc, arguments: '{"a":1}', status: 'completed' }
  const call = { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } }
  const said = { ...msg, content: [{ type: 'output_text', text: 'Hello' }] }
  const hello = { type: 'text', text: 'Hello' }

  it.each<[string, Json[], Json[], unknown[]]>([
    ['behind those that were told', [added(0, msg), text(0, 'Hello')], [said, whole], [hello, call]],
    ['before them', [added(0, msg), text(0, 'Hello')], [whole, said], [hello, call]],
    [
      'beside another of its kind',
      [added(0, { ...fc, call_id: 'call_0' }), done(0, { ...whole, call_id: 'call_0' })],
      [{ ...whole, call_id: 'call_0' }, whole],
      [{ ...call, id: 'call_0' }, call],
    ],
  ])('is told, %s', (_, events, output, content) => {
    const message = messageOf(decode(events, { output }))
    expect(message.content).toEqual(content)
    expect(message.stop_reason).toBe('tool_use')
  })
})

it('searches of files are counted beside those of the web, but for those that failed', () => {
  const search = (id: string, status: string): Json => ({ type: 'file_search_call', id, status, queries: ['a'], results: [] })
  const { usage } = answer(done(0, search('fs_1', 'completed')), done(1, search('fs_2', 'failed')))
  expect(usage).toEqual({ server_tool_use: { file_search_requests: 1 } })
})
