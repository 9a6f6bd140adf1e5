import { describe, expect, it } from 'vitest'
import { call, contentOf, decode, delta, type Json, messageOf, toolStop } from './chunks.ts'

describe('tool calls', () => {
  const city = { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Paris' } }
  const empty = { type: 'tool_use', id: 'c2', name: 'time', input: {} }

  it.each<[string, Json[][], unknown[]]>([
    [
      'pieces by index',
      [[call(0, 'c1', 'weather', '')], [call(0, undefined, undefined, '{"city":')], [call(0, undefined, undefined, '"Paris"}')]],
      [city],
    ],
    ['an index that begins at 1', [[call(1, 'c1', 'weather', '')], [call(1, undefined, undefined, '{"city":"Paris"}')]], [city]],
    ['all arguments at once', [[call(0, 'c1', 'weather', '{"city":"Paris"}')]], [city]],
    ['blank id and name later', [[call(0, 'c1', 'weather', '{"city":')], [call(0, '', '', '"Paris"}')]], [city]],
    ['the name again later', [[call(0, 'c1', 'weather', '{"city":')], [call(0, 'c1', 'weather', '"Paris"}')]], [city]],
    ['the name only later', [[call(0, 'c1', undefined, '{"city":')], [call(0, undefined, 'weather', '"Paris"}')]], [city]],
    [
      'no index, told apart by id',
      [[call(undefined, 'c1', 'weather', '{"city":"Paris"}')], [call(undefined, 'c2', 'time', '{}')]],
      [city, empty],
    ],
    [
      'no index in later pieces',
      [[call(undefined, 'c1', 'weather', '{"city":')], [call(undefined, undefined, undefined, '"Paris"}')]],
      [city],
    ],
    [
      'one index for all, told apart by id',
      [[call(0, 'c1', 'weather', '{"city":"Paris"}')], [call(0, 'c2', 'time', '{}')]],
      [city, empty],
    ],
    ['arguments as an object', [[{ index: 0, id: 'c1', function: { name: 'weather', arguments: { city: 'Paris' } } }]], [city]],
    ['no arguments at all', [[call(0, 'c2', 'time', '')]], [empty]],
    [
      'blanks after the end',
      [[call(0, 'c1', 'weather', '{"city":"Paris"}'), call(1, 'c2', 'time', '{}')], [call(0, undefined, undefined, ' \n')]],
      [city, empty],
    ],
  ])('%s', (_, chunks, expected) => {
    const message = messageOf(decode([...chunks.map((calls) => delta({ tool_calls: calls })), toolStop]))
    expect([message.content, message.stop_reason, message.metadata?.warnings]).toEqual([expected, 'tool_use', undefined])
  })

  it('without id get one, each its own', () => {
    const calls = [call(undefined, undefined, 'time', '{}'), call(undefined, undefined, 'time', '{}')]
    const content = contentOf([delta({ tool_calls: calls }), toolStop])
    expect(content).toEqual([
      { type: 'tool_use', id: 'toolu_made1', name: 'time', input: {} },
      { type: 'tool_use', id: 'toolu_made2', name: 'time', input: {} },
    ])
  })

  it('that come by turns are given one after the other, and nothing is lost', () => {
    const chunks = [
      delta({ tool_calls: [call(0, 'c1', 'weather', '{"ci')] }),
      delta({ tool_calls: [call(1, 'c2', 'weather', '{"city":"R')] }),
      delta({ content: 'Wait' }),
      delta({ tool_calls: [call(0, undefined, undefined, 'ty":"P}\\"')] }),
      delta({ tool_calls: [call(1, undefined, undefined, 'ome"}')] }),
      delta({ content: '!' }),
      delta({ tool_calls: [call(0, undefined, undefined, '{"}')] }),
    ]
    expect(contentOf([...chunks, toolStop])).toEqual([
      { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'P}"{' } },
      { type: 'tool_use', id: 'c2', name: 'weather', input: { city: 'Rome' } },
      { type: 'text', text: 'Wait!' },
    ])
  })

  it('in the chunk that finishes, with a finish reason of stop', () => {
    const message = messageOf(
      decode([delta({ tool_calls: [call(0, 'c1', 'weather', '{"city":"Paris"}')] }, { finish_reason: 'stop' })]),
    )
    expect([message.content, message.stop_reason]).toEqual([[city], 'tool_use'])
  })

  it('cut off by the length keep what can be read of them, with a warning', () => {
    const chunks = [
      delta({ tool_calls: [call(0, 'c1', 'weather', '{"city":"Paris","un')] }),
      delta({}, { finish_reason: 'length' }),
    ]
    const message = messageOf(decode(chunks))
    expect([message.content, message.stop_reason]).toEqual([[city], 'max_tokens'])
    expect(message.metadata?.warnings).toMatchObject([{ code: 'invalid_tool_input', param: 'content[0].input' }])
  })

  it.each<[string, Json[]]>([
    ['text', [call(0, 'c1', 'weather', '{"city":12345678901234567890}')]],
    ['an object', [{ index: 0, id: 'c1', function: { name: 'weather', arguments: { city: 12345678901234568 } } }]],
    // Its text is what tells, and what the decoder says of it is the same.
    ['an object of more digits', [{ index: 0, id: 'c1', function: { name: 'weather', arguments: { city: 2 ** 70 } } }]],
    ['an object before the name', [{ index: 0, function: { arguments: { city: 1e300 } } }, call(0, 'c1', 'weather', '')]],
  ])('with a number that is rounded say so once: in %s', (_, calls) => {
    const message = messageOf(decode([...calls.map((one) => delta({ tool_calls: [one] })), toolStop]))
    expect(message.metadata?.warnings).toMatchObject([{ code: 'inexact_tool_input', param: 'content[0].input' }])
  })

  it.each<[string[], boolean]>([
    [['{"a":[-1234567', '8901234567890', ',1]}'], true],
    [['{"a":1e', '999}'], true],
    [['{"a":"12345678901234567890","b":true,"c":[1,', '2,3.25]}'], false],
  ])('streamed as %j say so in the stream too: %s', (pieces, isSaid) => {
    const chunks = pieces.map((text, at) =>
      delta({ tool_calls: [at === 0 ? call(0, 'c1', 'weather', text) : call(0, undefined, undefined, text)] }),
    )
    const said = decode([...chunks, toolStop]).find(({ type }) => type === 'message_delta')
    const warning = { code: 'inexact_tool_input', param: 'content[0].input' }
    expect(Object(said).metadata?.warnings).toEqual(isSaid ? [expect.objectContaining(warning)] : undefined)
    expect(messageOf(decode([...chunks, toolStop])).metadata?.warnings ?? []).toHaveLength(isSaid ? 1 : 0)
  })

  it('more input after the end is not mixed in, and said', () => {
    const chunks = [
      delta({ tool_calls: [call(0, 'c1', 'weather', '{"city":"Paris"}')] }),
      delta({ tool_calls: [call(0, undefined, undefined, '{"x":1}')] }),
    ]
    const message = messageOf(decode([...chunks, toolStop]))
    expect(message.content).toEqual([city])
    expect(message.metadata?.warnings).toMatchObject([
      { code: 'invalid_tool_input', message: expect.stringContaining('{"x":1}') },
    ])
  })

  it('in the older form of one function_call', () => {
    const chunks = [delta({ function_call: { name: 'time', arguments: '' } }), delta({ function_call: { arguments: '{}' } })]
    const message = messageOf(decode([...chunks, delta({}, { finish_reason: 'function_call' })]))
    expect([message.content, message.stop_reason]).toEqual([[{ ...empty, id: 'toolu_made1' }], 'tool_use'])
  })

  it('without a name break the protocol', () => {
    expect(() => decode([delta({ tool_calls: [call(0, 'c1', undefined, '{}')] }), toolStop])).toThrow(
      'the tool call c1 has no name',
    )
  })

  it('are bounded in what waits behind one that is never finished', () => {
    const chunks = [
      delta({ tool_calls: [call(0, 'c1', 'weather', '{')] }),
      ...Array(20).fill(delta({ content: 'x'.repeat(1024 * 1024) })),
    ]
    expect(() => decode(chunks)).toThrow('left the first one unfinished')
  })

  it('are bounded in what waits for a name, however many calls it is of', () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    const oneCall = Array.from({ length: 20 }, () => delta({ tool_calls: [call(0, 'c1', undefined, megabyte)] }))
    const manyCalls = Array.from({ length: 20 }, (_, index) =>
      delta({ tool_calls: [call(index, `c${index}`, undefined, megabyte)] }),
    )
    for (const chunks of [oneCall, manyCalls]) {
      expect(() => decode(chunks)).toThrow(
        expect.objectContaining({ code: 'provider_protocol', message: expect.stringContaining('did not say which tools') }),
      )
    }
  })

  it('may be late with their names as often as they like', () => {
    const input = JSON.stringify({ city: 'x'.repeat(1024 * 1024) })
    const chunks = Array.from({ length: 20 }, (_, index) => [
      delta({ tool_calls: [call(index, `c${index}`, undefined, input)] }),
      delta({ tool_calls: [call(index, undefined, 'weather', '')] }),
    ]).flat()
    expect(contentOf([...chunks, toolStop])).toHaveLength(20)
  })
})
