import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { validateRequest } from '../../../plugins/messages/validate.ts'

const limits = { imageBytes: 12, blockBytes: 30, base64Bytes: 60, messages: 3, textBytes: 100 }

/** What is found, as `param: code`. */
function found(body: unknown): string[] {
  return validateRequest(body, limits).map(({ param, code }) => `${param}: ${code}`)
}

const user = (...content: unknown[]): object => ({ role: 'user', content })
const assistant = (...content: unknown[]): object => ({ role: 'assistant', content })
const messages = (...list: unknown[]): object => ({ messages: list })
const image = (data: string): object => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })
const document = (data: string): object => ({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } })
const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64')
const call = (id: string): object => ({ type: 'tool_use', id, name: 'f', input: {} })
const result = (tool_use_id: unknown, content?: unknown): object => ({ type: 'tool_result', tool_use_id, content })

describe('nothing is wrong with', () => {
  it.each<[string, object]>([
    ['a text', messages({ role: 'user', content: 'Hi.' })],
    ['a call and its result', messages(user({ type: 'text', text: 'x' }), assistant(call('a')), user(result('a')))],
    [
      'several calls answered in another order',
      messages(user(), assistant(call('a'), call('b')), user(result('b'), result('a'))),
    ],
    ['an image of exactly the size allowed', messages(user(image(base64(12))))],
    ['blocks of exactly the size allowed together', messages(user(document(base64(30)), document(base64(30))))],
    ['exactly the text allowed', messages({ role: 'user', content: 'é'.repeat(50) })],
    ['as many messages as are allowed', messages(user(), assistant(), user())],
    ['a URL', messages(user({ type: 'image', source: { type: 'url', url: 'HTTPS://a.test/x.png' } }))],
    [
      'tools with names of their own',
      { ...messages(user()), tools: [{ name: 'a' }, { name: 'b' }], tool_choice: { type: 'tool', name: 'b' } },
    ],
    ['a form given in one of its two places', { ...messages(user()), output_format: { type: 'json_schema', schema: {} } }],
    ['a system message in the middle', messages(user(), { role: 'system', content: 'x' })],
  ])('%s', (_, body) => {
    expect(found(body)).toEqual([])
  })
})

describe('it is found', () => {
  it.each<[string, object, string[]]>([
    ["that the first message is not the user's", messages(assistant()), ['messages[0].role: first_message_role']],
    [
      'that the first message is a system prompt',
      messages({ role: 'system', content: 'x' }),
      ['messages[0].role: first_message_role'],
    ],
    ['that there are too many messages', messages(user(), assistant(), user(), assistant()), ['messages: too_large']],
    ['that a result answers no call', messages(user(result('x'))), ['messages[0].content[0].tool_use_id: tool_use_not_found']],
    [
      'that a result answers a call that comes later',
      messages(user(result('a')), assistant(call('a'))),
      ['messages[0].content[0].tool_use_id: tool_use_not_found'],
    ],
    [
      'that a block stands in the wrong message',
      messages(user(call('a'), { type: 'thinking', thinking: 'x', signature: 's' }), assistant(result('a'), document(base64(1)))),
      [
        'messages[0].content[0].type: block_not_allowed_for_role',
        'messages[0].content[1].type: block_not_allowed_for_role',
        'messages[1].content[0].type: block_not_allowed_for_role',
        'messages[1].content[1].type: block_not_allowed_for_role',
      ],
    ],
    [
      'that what a tool of a server found stands there',
      messages(user({ type: 'file_search_tool_result', tool_use_id: 'x', content: [] })),
      ['messages[0].content[0].type: block_not_allowed_for_role'],
    ],
    ['that base64 is none', messages(user(image('a*b='))), ['messages[0].content[0].source.data: invalid_base64']],
    ['that base64 lacks its end', messages(user(image('abcde'))), ['messages[0].content[0].source.data: invalid_base64']],
    ['that base64 has white space', messages(user(image('abcd\nabc'))), ['messages[0].content[0].source.data: invalid_base64']],
    [
      'that base64 goes on behind its padding',
      messages(user(image('ab==abcd'))),
      ['messages[0].content[0].source.data: invalid_base64'],
    ],
    ['that an image is too large', messages(user(image(base64(13)))), ['messages[0].content[0].source.data: too_large']],
    ['that another block is too large', messages(user(document(base64(31)))), ['messages[0].content[0].source.data: too_large']],
    [
      'that all blocks together are too large',
      messages(user(document(base64(30)), document(base64(30)), image(base64(1)))),
      ['messages: too_large'],
    ],
    ['that the text is too long in bytes', messages({ role: 'user', content: 'é'.repeat(51) }), ['messages: too_large']],
    [
      'that the text of all kinds of places together is too long',
      {
        system: [{ type: 'text', text: 'x'.repeat(20) }],
        ...messages(
          user({ type: 'document', source: { type: 'text', data: 'x'.repeat(20) } }),
          assistant({ type: 'thinking', thinking: 'x'.repeat(20) }, call('a')),
          user(result('a', [{ type: 'text', text: 'x'.repeat(20) }]), {
            type: 'document',
            source: { type: 'content', content: 'x'.repeat(21) },
          }),
        ),
      },
      ['messages: too_large'],
    ],
    [
      'that an image within a result and a document is wrong too',
      messages(
        user({ type: 'document', source: { type: 'content', content: [image('?')] } }),
        assistant(call('a')),
        user(result('a', [{ type: 'text', text: '' }, image('?')])),
      ),
      [
        'messages[0].content[0].source.content[0].source.data: invalid_base64',
        'messages[2].content[0].content[1].source.data: invalid_base64',
      ],
    ],
    [
      'that a URL is none of the web',
      messages(
        user(
          ...['file:///etc/passwd', 'a.test/x', 'data:image/png;base64,aaaa', 'http://'].map((url) => ({
            type: 'image',
            source: { type: 'url', url },
          })),
        ),
      ),
      [0, 1, 2, 3].map((at) => `messages[0].content[${at}].source.url: invalid_url`),
    ],
    [
      'that two tools have one name',
      {
        ...messages(user()),
        tools: [{ name: 'a' }, { type: 'function', name: 'a' }, { type: 'web_search_20250305', name: 'a' }],
      },
      ['tools[1].name: duplicate', 'tools[2].name: duplicate'],
    ],
    [
      'that a function has a config',
      { ...messages(user()), tools: [{ type: 'function', name: 'f', config: {} }] },
      ['tools[0].config: function_config_not_allowed'],
    ],
    [
      'that the tool to call is not there',
      { ...messages(user()), tools: [{ name: 'a' }], tool_choice: { type: 'tool', name: 'b' } },
      ['tool_choice.name: tool_not_found'],
    ],
    [
      'that any tool is to be called where there are none',
      { ...messages(user()), tool_choice: { type: 'any' } },
      ['tool_choice: tool_not_found'],
    ],
    [
      'that a form is missing',
      { ...messages(user()), output_format: { type: 'json_schema' } },
      ['output_format.json_schema: required'],
    ],
    [
      'that a form is given twice',
      { ...messages(user()), output_format: { type: 'json_schema', schema: {}, json_schema: {} } },
      ['output_format.json_schema: conflict'],
    ],
    [
      'everything at once',
      { ...messages(assistant(image('?')), user(result('x'))), tool_choice: { type: 'any' } },
      [
        'messages[0].role: first_message_role',
        'messages[0].content[0].source.data: invalid_base64',
        'messages[1].content[0].tool_use_id: tool_use_not_found',
        'tool_choice: tool_not_found',
      ],
    ],
  ])('%s', (_, body, expected) => {
    expect(found(body)).toEqual(expected)
  })

  it('what to do about a data URL', () => {
    const [issue] = validateRequest(messages(user(image('data:image/png;base64,aaaa'))), limits)
    expect(issue?.message).toContain('comma')
  })
})

describe('a value that fits no schema', () => {
  it('is passed over and never breaks the check', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown[]>(null, true, 5, '', {}, [], [[]]),
      fc.constantFrom('image', 'tool_result', 'base64', 'assistant', '__proto__', 'constructor'),
    )
    const source = fc.dictionary(fc.constantFrom('type', 'data', 'url', 'content'), odd)
    const block = fc.dictionary(fc.constantFrom('type', 'id', 'tool_use_id', 'content', 'text', 'source'), fc.oneof(odd, source))
    const message = fc.dictionary(fc.constantFrom('role', 'content'), fc.oneof(odd, fc.array(fc.oneof(block, odd))))
    const body = fc.dictionary(
      fc.constantFrom('messages', 'system', 'tools', 'tool_choice', 'output_format'),
      fc.oneof(odd, fc.array(fc.oneof(message, block))),
    )
    fc.assert(
      fc.property(fc.oneof(body, odd), (value) => {
        for (const { param, code, message } of validateRequest(value, limits)) {
          expect(param).toMatch(/^(?:messages|system|tools|tool_choice|output_format)/)
          expect(code).toMatch(/^[a-z0-9_]+$/)
          expect(message).not.toBe('')
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([null, [], 'text', 5, {}, { messages: {} }, messages(null, 5, 'x'), messages(user(null, 5, [])), { tools: [null, 1] }])(
    'such as %j is for the schema to refuse',
    (body) => {
      expect(found(body)).toEqual([])
    },
  )
})
