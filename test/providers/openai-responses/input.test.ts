import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { encodeInput } from '../../../providers/openai-responses/input.ts'
import { type Kept, openKept, sealKept } from '../../../providers/openai-responses/kept.ts'
import { seal } from '../../../providers/sealed.ts'

function input(...messages: MessageRequest['messages']): unknown {
  return encodeInput({ messages }, 'oai-resp')
}

function said(...content: ContentBlockParam[]): unknown {
  return input({ role: 'user', content })
}

function answered(...content: ContentBlockParam[]): unknown {
  return input({ role: 'assistant', content })
}

function thinking(kept: Partial<Kept>, text = ''): ContentBlockParam {
  const signature = sealKept('oai-resp', { items: [], next: undefined, ...kept })
  return { type: 'thinking', thinking: text, signature }
}

describe('the conversation', () => {
  const data = 'aGk='
  const png = { type: 'base64' as const, media_type: 'image/png' as const, data }
  const pdf = { type: 'base64' as const, media_type: 'application/pdf' as const, data }
  const picture = { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${data}` }

  it.each<[string, ContentBlockParam[], unknown[]]>([
    ['a picture', [{ type: 'image', source: png }], [picture]],
    [
      'a picture by url',
      [{ type: 'image', source: { type: 'url', url: 'https://a.test/a.png' } }],
      [{ type: 'input_image', detail: 'auto', image_url: 'https://a.test/a.png' }],
    ],
    [
      'a picture by id',
      [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }],
      [{ type: 'input_image', detail: 'auto', file_id: 'file_1' }],
    ],
    [
      'a PDF',
      [{ type: 'document', source: pdf, title: 'T', context: 'C' }],
      [
        { type: 'input_text', text: 'About the document that follows: C' },
        { type: 'input_file', filename: 'T', file_data: `data:application/pdf;base64,${data}` },
      ],
    ],
    [
      'a PDF by url',
      [{ type: 'document', source: { type: 'url', url: 'https://a.test/a.pdf' } }],
      [{ type: 'input_file', file_url: 'https://a.test/a.pdf' }],
    ],
    ['a file', [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }], [{ type: 'input_file', file_id: 'file_1' }]],
    [
      'texts and a document of parts',
      [
        { type: 'text', text: 'See:' },
        { type: 'document', title: 'T', source: { type: 'content', content: [{ type: 'image', source: png }] } },
      ],
      [
        { type: 'input_text', text: 'See:' },
        { type: 'input_text', text: '<document>\n<title>T</title>' },
        picture,
        { type: 'input_text', text: '</document>' },
      ],
    ],
  ])('%s', (_, content, parts) => {
    expect(said(...content)).toEqual([{ role: 'user', content: parts }])
  })

  it('frames documents of text and search results', () => {
    const source = { type: 'text' as const, media_type: 'text/plain' as const, data: 'words' }
    expect(said({ type: 'document', source, title: 'T' })).toEqual([
      { role: 'user', content: '<document>\n<title>T</title>\nwords\n</document>' },
    ])
    const content = [{ type: 'text' as const, text: 'found' }]
    expect(said({ type: 'search_result', title: 'A', source: 'https://a.test', content })).toEqual([
      { role: 'user', content: '<search_result>\n<title>A</title>\n<source>https://a.test</source>\nfound\n</search_result>' },
    ])
  })

  it('has messages of the system where they stand', () => {
    expect(input({ role: 'user', content: 'a' }, { role: 'system', content: [{ type: 'text', text: 'b' }] })).toEqual([
      { role: 'user', content: 'a' },
      { role: 'system', content: 'b' },
    ])
  })

  it('has calls and their results, in the order of the blocks', () => {
    const call = (id: string) => ({ type: 'tool_use' as const, id, name: 'f', input: { a: 'é' } })
    const result = (id: string, more: object) => ({ type: 'tool_result' as const, tool_use_id: id, ...more })
    expect(
      input(
        { role: 'assistant', content: [{ type: 'text', text: 'So.' }, call('c1'), call('c2'), call('c3')] },
        {
          role: 'user',
          content: [
            result('c1', { content: 'one' }),
            result('c2', {
              content: [
                { type: 'text', text: 'two' },
                { type: 'image', source: png },
              ],
              is_error: true,
            }),
            result('c3', { content: 'three', is_error: true }),
            { type: 'text', text: 'Go on.' },
          ],
        },
      ),
    ).toEqual([
      { role: 'assistant', content: [{ type: 'output_text', text: 'So.', annotations: [] }] },
      ...['c1', 'c2', 'c3'].map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{"a":"é"}' })),
      { type: 'function_call_output', call_id: 'c1', output: 'one' },
      {
        type: 'function_call_output',
        call_id: 'c2',
        output: [{ type: 'input_text', text: 'Error:' }, { type: 'input_text', text: 'two' }, picture],
      },
      { type: 'function_call_output', call_id: 'c3', output: 'Error: three' },
      { role: 'user', content: 'Go on.' },
    ])
  })

  it('leaves out what others wrote: thinking, tools of their servers', () => {
    expect(
      answered(
        { type: 'thinking', thinking: 'x', signature: 'EqQB' },
        { type: 'thinking', thinking: 'x', signature: seal('gem-dev', '{"items":[{"type":"reasoning"}]}') },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ),
    ).toEqual([
      {
        role: 'assistant',
        content: ['a', 'b'].map((text) => ({ type: 'output_text', text, annotations: [] })),
      },
    ])
  })
})

describe('what a signature keeps', () => {
  const rs = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }
  const text: ContentBlockParam = { type: 'text', text: 'x' }

  it('goes back whole, and to the block that follows', () => {
    const next = { type: 'message', id: 'msg_1', role: 'assistant', phase: 'commentary' }
    const content = [{ type: 'output_text', text: 'x', annotations: [] }]
    expect(answered(thinking({ items: [rs], next }, 'Hm.'), text)).toEqual([rs, { ...next, status: 'completed', content }])
  })

  it('does not go to a block of another kind', () => {
    const next = { type: 'message', id: 'msg_1', role: 'assistant' }
    expect(answered(thinking({ items: [rs], next }), { type: 'tool_use', id: 'c', name: 'f', input: {} })).toEqual([
      rs,
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    ])
  })

  it('tells free text from arguments, in the call and in its answer', () => {
    const next = { type: 'custom_tool_call', id: 'ctc_1' }
    const call: ContentBlockParam = { type: 'tool_use', id: 'c', name: 'sql', input: { input: 'SELECT 1' } }
    expect(
      input(
        { role: 'assistant', content: [thinking({ next }), call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: '1' }] },
      ),
    ).toEqual([
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c', name: 'sql', input: 'SELECT 1', status: 'completed' },
      { type: 'custom_tool_call_output', call_id: 'c', output: '1' },
    ])
  })

  it('is left out where nothing follows', () => {
    expect(answered(text, thinking({ items: [rs] }, 'Hm.'))).toHaveLength(1)
  })

  it.each(['', 'not JSON', '[]', '{"items":5,"next":[]}'])('may be nothing that can be read: %s', (payload) => {
    expect(openKept('oai-resp', seal('oai-resp', payload))).toEqual({ items: [], next: undefined })
    expect(openKept('oai-resp', payload)).toBeUndefined()
  })
})
