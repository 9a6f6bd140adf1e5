import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PartialArgs } from '../../../providers/gemini/partial-args.ts'
import { call, chunk, contentOf, decode, type Json, messageOf, piece, stop } from './chunks.ts'

const tool = (id: string, name: string, input: Json): Json => ({ type: 'tool_use', id, name, input })

describe('function calls', () => {
  it('without ids are separate, though they are alike, and get ids', () => {
    const again = call('f', { args: { a: 1 } })
    expect(messageOf(decode([chunk([again, again]), stop])).content).toEqual([
      tool('toolu_made1', 'f', { a: 1 }),
      tool('toolu_made2', 'f', { a: 1 }),
    ])
  })

  it('keep the ids that are given, and no two have the same', () => {
    const ids = contentOf(call('f', { id: 'c1' }), call('f', { id: 'c1' })).map((block) => ('id' in block ? block.id : ''))
    expect(ids).toEqual(['c1', 'toolu_made1'])
  })

  it('without arguments have none', () => {
    expect(contentOf(call('f'))).toEqual([tool('toolu_made1', 'f', {})])
  })

  it('with a number that the service may have rounded say so, each by its block', () => {
    const large = call('f', { args: { a: [12345678901234568] } })
    const message = messageOf(decode([chunk([{ text: 'x' }, call('f', { args: { a: 1 } }), large]), stop]))
    expect(message.metadata?.warnings).toMatchObject([{ code: 'inexact_tool_input', param: 'content[2].input' }])
  })

  it('without a name are none where they say nothing, and break the protocol where they do', () => {
    expect(contentOf({ functionCall: {} }, { text: 'x' })).toEqual([{ type: 'text', text: 'x' }])
    expect(() => contentOf(call(undefined, { args: {} }))).toThrow('a function call has no name')
  })
})

describe('a streamed function call', () => {
  const begin = call('f', { willContinue: true })

  it('is written as it comes', () => {
    const events = decode([
      chunk([begin]),
      chunk([piece('$.city', { stringValue: 'Par', willContinue: true })]),
      chunk([piece('$.city', { stringValue: 'is', willContinue: true })]),
      chunk([piece('$.city', { stringValue: '' })]),
      chunk([{ functionCall: {} }]),
      stop,
    ])
    const written = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'input_json_delta' ? [event.delta.partial_json] : [],
    )
    expect(written).toEqual(['{"city":"Par', 'is', '"', '}'])
  })

  it.each<[string, Json[]]>([
    ['by its last piece', [piece('$.a', { numberValue: 1 }, false)]],
    ['by an empty piece', [piece('$.a', { numberValue: 1 }), { functionCall: {} }]],
    ['by other parts', [piece('$.a', { numberValue: 1 }), { text: 'x' }]],
    ['by the next call', [piece('$.a', { numberValue: 1 }), call('g')]],
    ['by the end of the stream', [piece('$.a', { numberValue: 1 })]],
    ['by arguments that come whole', [call(undefined, { args: { a: 1 } })]],
  ])('ends %s', (_, parts) => {
    expect(contentOf(begin, ...parts)[0]).toEqual(tool('toolu_made1', 'f', { a: 1 }))
  })

  it('whose string is not closed is closed', () => {
    expect(contentOf(begin, piece('$.a', { stringValue: 'x', willContinue: true }), { text: 'y' })[0]).toEqual(
      tool('toolu_made1', 'f', { a: 'x' }),
    )
  })

  it('with a number that the service may have rounded says so', () => {
    const message = messageOf(decode([chunk([begin, piece('$.a', { numberValue: 2 ** 60 }, false)]), stop]))
    expect(message.metadata?.warnings).toMatchObject([{ code: 'inexact_tool_input', param: 'content[0].input' }])
  })

  it('whose signature comes late carries it behind', () => {
    const late = { ...piece('$.a', { numberValue: 1 }, false), thoughtSignature: 'U0lH' }
    expect(contentOf(begin, late)).toEqual([
      tool('toolu_made1', 'f', { a: 1 }),
      { type: 'thinking', thinking: '', signature: 'vai.gem-dev.b.U0lH' },
    ])
  })

  it('that goes back to what it has left keeps what came first, with a warning', () => {
    const pieces = [
      ['$.a.x', 1],
      ['$.b', 2],
      ['$.a.y', 3],
    ] as const
    const message = messageOf(
      decode([chunk([begin, ...pieces.map(([path, numberValue]) => piece(path, { numberValue })), { functionCall: {} }]), stop]),
    )
    expect(message.content).toEqual([tool('toolu_made1', 'f', { a: { x: 1 }, b: 2 })])
    expect(message.metadata?.warnings).toMatchObject([{ code: 'invalid_tool_input', message: expect.stringContaining('$.a.y') }])
  })

  it.each([
    ['a container that is open', ['$.a.x', '$.a']],
    ['a container that was left', ['$.a.x', '$.b', '$.a']],
    ['a value', ['$.a', '$.a.x']],
    ['an element of a list', ['$.a[0].x', '$.a[1]', '$.a[0].y']],
  ])('that writes %s again keeps what came first, with one warning', (_, paths) => {
    const pieces = [...paths, ...paths].map((path) => piece(path, { numberValue: 1 }))
    const message = messageOf(decode([chunk([begin, ...pieces, { functionCall: {} }]), stop]))
    const first = messageOf(decode([chunk([begin, ...pieces.slice(0, paths.length - 1), { functionCall: {} }]), stop]))
    expect(message.content).toEqual(first.content)
    expect(message.metadata?.warnings?.length).toBe(1)
  })
})

describe('the JSON of partial arguments', () => {
  it.each<[string, [path: string, value: Json][], unknown]>([
    ['of nothing', [], {}],
    ['of every kind', kinds(), { s: 'é"\n', n: -0.5, b: false, z: null }],
    ['of a path in brackets', [['$[\'a b\']["c.d"][0]', { numberValue: 1 }]], { 'a b': { 'c.d': [1] } }],
    ['of an escaped name', [["$['it\\'s']", { numberValue: 1 }]], { "it's": 1 }],
    ['of elements that were passed over', [['$.l[2]', { numberValue: 1 }]], { l: [null, null, 1] }],
    ['of a path that cannot be read', [['$..x', { numberValue: 1 }]], { '$..x': 1 }],
  ])('%s', (_, values, expected) => {
    expect(written(values.map(([jsonPath, value]) => ({ jsonPath, ...value })))).toEqual(expected)
  })

  it('is what was told, whatever was told', () => {
    const key = fc.string({ minLength: 1, maxLength: 5 })
    const leaf = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    )
    const { tree } = fc.letrec<{ tree: unknown; object: Json }>((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), tie('object')),
      object: fc.dictionary(key, tie('tree'), { minKeys: 1, maxKeys: 3 }),
    }))
    fc.assert(
      fc.property(
        fc.dictionary(key, tree, { maxKeys: 4, noNullPrototype: true }),
        fc.integer({ min: 1, max: 6 }),
        (args, size) => {
          const sent: unknown = JSON.parse(JSON.stringify(args))
          expect(written([...piecesOf(sent, '$', size)])).toEqual(sent)
        },
      ),
      { numRuns: 300 },
    )
  })

  function written(args: readonly Json[]): unknown {
    let json = ''
    const partial = new PartialArgs(
      (text) => {
        json += text
      },
      (path) => expect.unreachable(`late: ${path}`),
      { left: 1000 },
    )
    for (const arg of args) partial.add(arg)
    partial.end()
    return JSON.parse(json)
  }

  function kinds(): [string, Json][] {
    return [
      ['$.s', { stringValue: 'é"\n' }],
      ['$.n', { numberValue: -0.5 }],
      ['$.b', { boolValue: false }],
      ['$.z', { nullValue: 'NULL_VALUE' }],
    ]
  }

  /** A value as Vertex AI tells it: each leaf by its path, strings in pieces and with an empty one at the end. */
  function* piecesOf(value: unknown, jsonPath: string, size: number): Generator<Json> {
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) yield* piecesOf(element, `${jsonPath}[${index}]`, size)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        yield* piecesOf(member, `${jsonPath}['${name.replace(/[\\']/g, '\\$&')}']`, size)
      }
    } else if (typeof value === 'string') {
      for (let at = 0; at < value.length; at += size) {
        yield { jsonPath, stringValue: value.slice(at, at + size), willContinue: true }
      }
      yield { jsonPath, stringValue: '' }
    } else if (typeof value === 'number') yield { jsonPath, numberValue: value }
    else if (typeof value === 'boolean') yield { jsonPath, boolValue: value }
    else yield { jsonPath, nullValue: 'NULL_VALUE' }
  }
})
