import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../api/accumulate.ts'
import { eventsOf } from '../../api/events.ts'
import type { Message, MessageRequest, StreamEvent } from '../../api/schemas.gen.ts'
import { demo } from '../../providers/demo/index.ts'
import { sampleOf } from '../../providers/demo/sample.ts'
import { problemsWith } from '../contract-schemas.ts'
import { ManualClock } from '../manual-clock.ts'
import { callWith, grammarProblem } from './anthropic/streams.ts'

type Changes = Partial<MessageRequest>

function ask(model: string, text: string, changes: Changes = {}): Promise<Message> {
  const request: MessageRequest = { model: `demo/${model}`, messages: [{ role: 'user', content: text }], ...changes }
  return accumulate(demo.stream(request, callWith({ model, clock: new ManualClock() })))
}

const weather = {
  name: 'get_weather',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } },
    required: ['city'],
  },
}
const search = { type: 'function' as const, name: 'search', input_schema: { type: 'object' as const } }

describe('demo/echo', () => {
  it('says the last text of the user, every character of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (text) => {
        const { content, stop_reason } = await ask('echo', text)
        expect(content).toEqual([{ type: 'text', text }])
        expect(stop_reason).toBe('end_turn')
      }),
    )
  })

  it('looks at the texts of the last message of the user alone', async () => {
    const messages: MessageRequest['messages'] = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'answer' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'image', source: { type: 'url', url: 'https://a.test' } },
          { type: 'text', text: 'two' },
        ],
      },
    ]
    expect((await ask('echo', '', { messages })).content).toEqual([{ type: 'text', text: 'one\ntwo' }])
  })

  it('says the same to the same request', async () => {
    const { id: a, ...first } = await ask('echo', 'Hello, gateway!')
    const { id: b, ...second } = await ask('echo', 'Hello, gateway!')
    expect(second).toEqual(first)
    expect(b).not.toBe(a)
  })

  it('says nothing where there is nothing to say', async () => {
    expect(await ask('echo', '')).toMatchObject({ content: [], stop_reason: 'end_turn', usage: { output_tokens: 0 } })
  })

  it.each([
    ['one two three', ['two'], 'one ', 'two'],
    ['one two three', ['three', 'two'], 'one ', 'two'],
    ['one two three', ['e t'], 'on', 'e t'],
    ['stop', ['stop'], undefined, 'stop'],
  ])('stops %j before the first of %j', async (text, stop_sequences, said, stopSequence) => {
    const message = await ask('echo', text, { stop_sequences })
    expect(message.content).toEqual(said === undefined ? [] : [{ type: 'text', text: said }])
    expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: stopSequence })
  })

  it('does not stop at what is not said', async () => {
    expect(await ask('echo', 'one two', { stop_sequences: ['three'] })).toMatchObject({
      stop_reason: 'end_turn',
      stop_sequence: null,
    })
  })

  it.each([
    [1, 'one', 'max_tokens'],
    [2, 'one two', 'max_tokens'],
    [3, 'one two three', 'end_turn'],
    [4, 'one two three', 'end_turn'],
  ])('says at most %i words', async (max_tokens, said, stopReason) => {
    const message = await ask('echo', 'one two three', { max_tokens })
    expect(message).toMatchObject({ content: [{ text: said }], stop_reason: stopReason })
    expect(message.usage.output_tokens).toBe(Math.min(max_tokens, 3))
  })

  it('ends for the reason that comes first', async () => {
    const changes = { max_tokens: 1, stop_sequences: ['three'] }
    expect(await ask('echo', 'one two three', changes)).toMatchObject({ stop_reason: 'max_tokens', stop_sequence: null })
  })

  it('counts the words that it was told', async () => {
    expect((await ask('echo', 'one two', { system: 'Be brief.' })).usage).toEqual({ input_tokens: 4, output_tokens: 2 })
  })
})

describe('demo/tools', () => {
  it('calls the first of the tools with an input that fits', async () => {
    const message = await ask('tools', 'Weather?', { tools: [weather, search] })
    expect(message).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'get_weather', input: { city: 'some city', days: 2 } }],
    })
    expect(message.content).toHaveLength(1)
  })

  it('calls the tool that it is told to call, and none where it is told not to', async () => {
    const tools = [weather, search]
    expect(await ask('tools', 'x', { tools, tool_choice: { type: 'tool', name: 'search' } })).toMatchObject({
      content: [{ name: 'search', input: {} }],
    })
    expect(await ask('tools', 'x', { tools, tool_choice: { type: 'none' } })).toMatchObject({
      content: [{ type: 'text', text: 'x' }],
      stop_reason: 'end_turn',
    })
  })

  it.each([
    ['What does http://127.0.0.1:8080/demo/page say?', 'http://127.0.0.1:8080/demo/page'],
    ['Read https://a.example/x?y=1, then (https://b.example/).', 'https://a.example/x?y=1'],
    ['(https://b.example/)', 'https://b.example/'],
    ['Nothing here: ftp://a.example/ http:// https', 'https://example.com/'],
    [`https://a.example/${'x'.repeat(200)}`, 'https://example.com/'],
  ])('gives a tool that wants a URL the first one of %j', async (text, url) => {
    const fetcher = {
      name: 'fetch',
      input_schema: { type: 'object' as const, properties: { url: { type: 'string', format: 'uri', maxLength: 100 } } },
    }
    expect((await ask('tools', text, { tools: [fetcher] })).content).toMatchObject([{ type: 'tool_use', input: { url } }])
  })

  it('echoes where there is no tool', async () => {
    expect(await ask('tools', 'Hello')).toMatchObject({ content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn' })
  })

  it('reports what the tool answered, by its name', async () => {
    const messages = (content: string | undefined, is_error: boolean): MessageRequest['messages'] => [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', is_error, ...(content !== undefined && { content }) }],
      },
    ]
    const said = async (content: string | undefined, is_error = false) =>
      (await ask('tools', '', { tools: [weather], messages: messages(content, is_error) })).content
    expect(await said('Sunny.')).toEqual([{ type: 'text', text: 'The tool get_weather answered: Sunny.' }])
    expect(await said('No such city', true)).toEqual([{ type: 'text', text: 'The tool get_weather failed: No such city' }])
    expect(await said(undefined)).toEqual([{ type: 'text', text: 'The tool get_weather answered: nothing' }])
  })
})

it.each(['foo', 'Echo', 'echo/tools', ''])('demo/%s is no model', async (model) => {
  await expect(ask(model, 'Hello')).rejects.toMatchObject({
    code: 'unknown_model',
    status: 404,
    param: 'model',
    message: `There is no model "demo/${model}"; the demo models are demo/echo and demo/tools.`,
  })
})

describe('every answer', () => {
  it('keeps the grammar of the stream and the schemas of the contract', async () => {
    const cases: [string, Changes][] = [
      ['echo', {}],
      ['tools', { tools: [weather] }],
      ['echo', { max_tokens: 1 }],
    ]
    for (const [model, changes] of cases) {
      const request: MessageRequest = { model: `demo/${model}`, messages: [{ role: 'user', content: 'one two' }], ...changes }
      const events: StreamEvent[] = []
      for await (const item of demo.stream(request, callWith({ model }))) events.push(...eventsOf(item))
      expect(grammarProblem(events, true)).toBeUndefined()
      for (const event of events) expect(problemsWith('StreamEvent', event)).toEqual([])
    }
  })
})

describe('sampleOf', () => {
  const ajv = new Ajv({ strict: false })
  ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/)
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  ajv.addFormat('email', /^\S+@\S+$/)
  ajv.addFormat('uri', /^https?:\/\/\S+$/)
  ajv.addFormat('uuid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/)

  const expectFits = (schema: object): void => {
    const check = ajv.compile(schema)
    const sample = sampleOf(schema)
    expect(check(sample), `${JSON.stringify(schema)} → ${JSON.stringify(sample)}: ${ajv.errorsText(check.errors)}`).toBe(true)
  }

  const range = fc.tuple(fc.integer({ min: -100, max: 100 }), fc.nat(50))
  const leaf = fc.oneof(
    fc.constantFrom<object>(
      {},
      { type: 'string' },
      { type: 'boolean' },
      { type: 'null' },
      { type: ['string', 'null'] },
      { type: ['integer', 'string'] },
    ),
    fc.constantFrom('date', 'date-time', 'email', 'uri', 'uuid').map((format): object => ({ type: 'string', format })),
    fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([minLength, more]): object => ({ type: 'string', minLength, maxLength: minLength + more })),
    fc.nat(20).map((maxLength): object => ({ type: 'string', maxLength })),
    fc
      .uniqueArray(fc.jsonValue({ maxDepth: 0 }), { minLength: 1, maxLength: 3, selector: (value) => JSON.stringify(value) })
      .map((values): object => ({ enum: values })),
    fc.jsonValue({ maxDepth: 1 }).map((value): object => ({ const: value })),
    fc
      .tuple(
        fc.constantFrom('integer', 'number'),
        range,
        fc.subarray(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']),
      )
      .map(([type, [least, span], bounds]): object => {
        const limits = {
          minimum: least,
          maximum: least + span + 2,
          exclusiveMinimum: least - 1,
          exclusiveMaximum: least + span + 3,
        }
        return { type, ...Object.fromEntries(Object.entries(limits).filter(([name]) => bounds.includes(name))) }
      }),
  )
  const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/)
  const { schema } = fc.letrec<{ schema: object }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'schema' },
      leaf,
      fc
        .tuple(fc.dictionary(name, tie('schema'), { maxKeys: 4, noNullPrototype: true }), fc.boolean(), fc.boolean())
        .map(([properties, strict, typed]) => ({
          ...((typed || Object.keys(properties).length === 0) && { type: 'object' }),
          properties,
          required: Object.keys(properties),
          ...(strict && { additionalProperties: false }),
        })),
      fc
        .tuple(tie('schema'), fc.option(fc.nat(5), { nil: undefined }), fc.option(fc.nat(5), { nil: undefined }))
        .map(([items, minItems, more]) => ({
          type: 'array',
          items,
          ...(minItems !== undefined && { minItems }),
          ...(more !== undefined && { maxItems: (minItems ?? 0) + more }),
        })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ),
  }))

  it('makes a value that fits, whatever the schema', () => {
    fc.assert(fc.property(schema, expectFits), { numRuns: 1000 })
  })

  it.each<[string, object]>([
    [
      'refers to a definition',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/A' } },
        required: ['a'],
        $defs: { A: { type: 'integer', minimum: 3 } },
      },
    ],
    [
      'is a list of itself',
      {
        type: 'object',
        properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
        required: ['name', 'children'],
      },
    ],
    ['may hold itself', { type: 'object', properties: { value: { type: 'number' }, next: { $ref: '#' } }, required: ['value'] }],
    [
      'holds itself or null',
      { type: 'object', properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } }, required: ['next'] },
    ],
    [
      'is all of several',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { const: 1 } }, required: ['b'] },
        ],
      },
    ],
    [
      'has properties beside allOf',
      {
        type: 'object',
        properties: { a: { type: 'string' } },
        required: ['a'],
        allOf: [{ properties: { b: { type: 'null' } }, required: ['b'] }],
      },
    ],
    ['requires what it does not describe', { type: 'object', required: ['a'] }],
    [
      'has a union in a property',
      { type: 'object', properties: { a: { oneOf: [{ type: 'string' }, { type: 'integer' }] } }, required: ['a'] },
    ],
    ['has whole numbers between fractions', { type: 'integer', minimum: 1.5, maximum: 2.5 }],
    ['has only small numbers', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
    ['has multiples', { type: 'integer', minimum: 1, multipleOf: 5 }],
    ['has a list of fixed places', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], minItems: 2 }],
    ['has an empty list', { type: 'array', items: { type: 'string' }, maxItems: 0 }],
    ['has a default', { type: 'string', default: 'x' }],
    ['has an example', { type: 'string', examples: ['x'] }],
  ])('makes a value that fits a schema that %s', (_, given) => {
    expectFits(given)
  })

  it('makes the same value for the same schema', () => {
    fc.assert(
      fc.property(schema, (given) => void expect(sampleOf(given)).toEqual(sampleOf(structuredClone(given)))),
      { numRuns: 50 },
    )
  })

  it('ends for schemas that refer to nothing but themselves', () => {
    expect(() => sampleOf({ $ref: '#' })).not.toThrow()
    expect(() => sampleOf({ $ref: '#/$defs/nowhere' })).not.toThrow()
    expect(() => sampleOf({ allOf: [{ $ref: '#' }] })).not.toThrow()
    expect(() =>
      sampleOf({ type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }),
    ).not.toThrow()
  })

  it('stays small for schemas that grow from step to step', () => {
    const names = Array.from({ length: 30 }, (_, at) => `p${at}`)
    const properties = Object.fromEntries(names.map((name) => [name, { $ref: '#' }]))
    for (const schema of [
      { type: 'object', properties },
      { type: 'object', properties, required: names },
      { type: 'array', items: { $ref: '#' }, minItems: 50 },
    ]) {
      expect(JSON.stringify(sampleOf(schema)).length).toBeLessThan(100_000)
    }
  })
})
