import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorResponse } from '../api/schemas.gen.ts'
import { type Gateway, messageOf, startGateway } from './gateway.ts'
import { refusalIn } from './refusal.ts'
import { anthropicKey, startAnthropic } from './upstreams/anthropic.ts'
import { openAiKey, startOpenAiChat } from './upstreams/openai-chat.ts'
import type { Upstream } from './upstreams/upstream.ts'

/** Bodies that no honest client sends: each is refused in the contract's words, at once, and harms nobody else. */

const mebibyte = 1024 * 1024
// Long enough that an error which repeats a part of a prompt is found by it.
const prompt = 'the-prompt-that-is-nobodys-business '.repeat(4)
const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }

let gateway: Gateway
let anthropic: Upstream
let openai: Upstream

beforeAll(async () => {
  anthropic = await startAnthropic()
  openai = await startOpenAiChat()
  gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1` },
    keys: { anthropic: anthropicKey, openai: openAiKey },
  })
})

afterEach(async () => {
  // Whatever a test has sent: the next caller is served.
  const response = await gateway.post(hello, { connection: 'close' })
  expect(response.status).toBe(200)
})

afterAll(async () => {
  await gateway.close()
  await anthropic.close()
  await openai.close()
})

async function refused(response: Response): Promise<ErrorResponse['error'] & { status: number }> {
  const body = await response.text()
  expect(body).not.toContain(prompt)
  return { status: response.status, ...refusalIn(body, response.headers.get('x-request-id')) }
}

/** Sends a body as it stands. */
async function refusedBody(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return refused(
    await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    }),
  )
}

/** A request's text with something more among its fields. */
function withFields(fields: string): string {
  return `{"model":"demo/echo","messages":[{"role":"user","content":${JSON.stringify(prompt)}}],${fields}}`
}

function withBlocks(blocks: string, model = 'demo/echo'): string {
  return `{"model":"${model}","messages":[{"role":"user","content":[${blocks}]}]}`
}

const invalidRequest = { status: 400, type: 'invalid_request_error' }

describe('what is not JSON', () => {
  it.each([
    ['cut short', `{"model":"demo/echo","messages":[{"role":"user","content":"${prompt}`],
    ['with a trailing comma', withFields('"max_tokens":1,')],
    ['with single quotes', `{'model':'demo/echo','system':'${prompt}'}`],
    ['two values', `${JSON.stringify(hello)}${JSON.stringify({ ...hello, system: prompt })}`],
    ['a word', prompt],
    ['with a NUL between quotes', withFields('"system":"a\0b"')],
    ['with a byte order mark', `\ufeff${withFields('"max_tokens":1')}`],
    ['NaN', withFields('"temperature":NaN')],
    ['a form', `prompt=${encodeURIComponent(prompt)}`],
  ])('%s is refused without a word of it', async (_, body) => {
    const error = await refusedBody(body)
    expect(error).toMatchObject({ ...invalidRequest, code: 'invalid_json' })
    expect(error.message).not.toContain('nobodys-business')
  })

  it('bytes that are not UTF-8 are refused', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
    expect(await refusedBody(body)).toMatchObject({ ...invalidRequest, code: 'invalid_utf8' })
  })

  it.each(['', ' ', ' \r\n\t '])('a body of nothing but %j is refused as empty', async (body) => {
    expect(await refusedBody(body)).toMatchObject({ ...invalidRequest, code: 'empty_body' })
  })

  it.each(['"text"', '[]', '1', 'true'])('%s is refused because an object is expected', async (body) => {
    expect(await refusedBody(body)).toMatchObject({ ...invalidRequest, code: 'invalid_type' })
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    ';;;',
    'application/jsonp',
    'application/json; charset=iso-8859-1',
  ])('the content type %s is refused', async (type) => {
    const error = await refusedBody(withFields('"max_tokens":1'), { 'content-type': type })
    expect(error).toMatchObject({ ...invalidRequest, code: 'unsupported_content_type' })
  })

  it.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON'])(
    'the content type %s is taken',
    async (type) => {
      const response = await gateway.post(hello, { 'content-type': type })
      expect(response.status).toBe(200)
    },
  )

  it.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
    'a body that says it is compressed with %s is refused',
    async (encoding) => {
      const error = await refusedBody(withFields('"max_tokens":1'), { 'content-encoding': encoding })
      expect(error).toMatchObject({ ...invalidRequest, code: 'unsupported_content_encoding', param: 'content-encoding' })
    },
  )
})

describe('what parsing would change', () => {
  it.each([
    ['at the top', '{"model":"demo/echo","model":"demo/tools","messages":[]}', 'model'],
    ['in another spelling', withFields('"system":"a","s\\u0079stem":"b"'), 'system'],
    ['in a block', withBlocks('{"type":"text","text":"a","text":"b"}'), 'messages[0].content[0].text'],
    [
      'deep in a schema',
      withFields('"tools":[{"name":"a","input_schema":{"type":"object","x":{"y":1,"\\u0079":2}}}]'),
      'tools[0].input_schema.x.y',
    ],
    ['that is __proto__', withFields('"metadata":{"__proto__":1,"__proto__":2}'), 'metadata.__proto__'],
  ])('a key that stands twice %s is refused', async (_, body, param) => {
    expect(await refusedBody(body)).toMatchObject({ ...invalidRequest, code: 'duplicate_key', param })
  })

  it.each([
    ['1e999', 'temperature'],
    ['-1e999', 'temperature'],
    ['9'.repeat(400), 'max_tokens'],
  ])('the number %s is refused because it is no number once read', async (number, param) => {
    const error = await refusedBody(withFields(`"${param}":${number}`))
    expect(error).toMatchObject({ ...invalidRequest, code: 'number_out_of_range', param })
  })

  const digits = '12345678901234567890'
  const withDigits = (model: string) =>
    `{"model":"${model}","max_tokens":10,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"id":${digits}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}`

  it('an integer of twenty digits is refused where the request is written anew', async () => {
    const error = await refusedBody(withDigits('openai/gpt-5-mini'))
    expect(error).toMatchObject({ ...invalidRequest, code: 'number_not_exact', param: 'messages[1].content[0].input.id' })
  })

  it('nobody is told to send as text what has to be a number', async () => {
    const error = await refusedBody(withDigits('openai/gpt-5-mini').replace('"max_tokens":10', `"max_tokens":${digits}`))
    expect(error).toMatchObject({ ...invalidRequest, code: 'number_not_exact', param: 'max_tokens' })
    expect(error.message).toMatch(/digits would be lost/)
    expect(error.message).not.toMatch(/string/)
  })

  it('what the schema says of a number goes before its digits', async () => {
    const error = await refusedBody(withDigits('openai/gpt-5-mini').replace('"max_tokens":10', `"max_tokens":-${digits}`))
    expect(error).toMatchObject({ ...invalidRequest, code: 'out_of_range', param: 'max_tokens' })
  })

  it('an integer of twenty digits arrives digit for digit where the text is passed on', async () => {
    const response = await gateway.post(withDigits('anthropic/claude-sonnet-4-5'))
    expect(response.status).toBe(200)
    expect(anthropic.requests.at(-1)?.body).toContain(`{"id":${digits}}`)
  })

  it.each(['\\u0000', '\\ud800', '\\udc00\\ud800', '\\ufeff', '\\uffff'])(
    'the escape %s comes back as it was',
    async (spelling) => {
      const response = await gateway.post(`{"model":"demo/echo","messages":[{"role":"user","content":"a${spelling}b"}]}`)
      expect((await messageOf(response)).content).toEqual([{ type: 'text', text: JSON.parse(`"a${spelling}b"`) }])
    },
  )
})

describe('keys with a meaning of their own in JavaScript', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    '%s is a field that is not known',
    async (key) => {
      const error = await refusedBody(withFields(`"${key}":{"stream":true,"polluted":1}`))
      expect(error).toMatchObject({ ...invalidRequest, code: 'unknown_field', param: key })
      expect(Object.prototype).not.toHaveProperty('polluted')
    },
  )

  it.each(['__proto__', 'constructor', 'toString', '__proto__/x', 'constructor/prototype'])('%s is no model', async (model) => {
    const error = await refusedBody(JSON.stringify({ ...hello, model }))
    expect(error.param).toBe('model')
    expect(error.code).toBe(model.includes('/') ? 'unknown_provider' : 'invalid_model')
  })

  it.each(['__proto__', 'constructor', 'valueOf'])('%s is no type of block', async (type) => {
    const error = await refusedBody(withBlocks(JSON.stringify({ type, text: prompt })))
    expect(error).toMatchObject({ ...invalidRequest, code: 'unknown_block_type', param: 'messages[0].content[0].type' })
  })
})

describe('sizes', () => {
  it.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['arrays that are not closed', '['.repeat(100_000)],
    [
      'arrays in a schema',
      withFields(`"tools":[{"name":"a","input_schema":{"type":"object","x":${'['.repeat(5000)}${']'.repeat(5000)}}}]`),
    ],
  ])('%s nested without end are refused', async (_, body) => {
    expect(await refusedBody(body)).toMatchObject({ ...invalidRequest, code: 'too_deep' })
  })

  it('more values than a request can need are refused before any is read', async () => {
    const error = await refusedBody(withFields(`"stop_sequences":[${'1,'.repeat(250_000)}1]`))
    expect(error).toMatchObject({ status: 413, type: 'invalid_request_error', code: 'too_many_values' })
  })

  // Each of these was once looked at for a minute or was answered with megabytes.
  it.each([
    [
      'numbers where texts belong',
      withFields(`"stop_sequences":[${'1,'.repeat(240_000)}1]`),
      'stop_sequences[0]',
      'invalid_type',
    ],
    [
      'blocks of no known type',
      withBlocks(Array(100_000).fill('{"type":"txet"}').join()),
      'messages[0].content[0].type',
      'unknown_block_type',
    ],
    [
      'unknown fields in blocks',
      withBlocks(Array(60_000).fill('{"type":"text","text":"a","colour":1}').join()),
      'messages[0].content[0].colour',
      'unknown_field',
    ],
    ['unknown fields', withFields(Array.from({ length: 200_000 }, (_, index) => `"k${index}":1`).join()), 'k0', 'unknown_field'],
    [
      'results without a call',
      withBlocks(Array(80_000).fill('{"type":"tool_result","tool_use_id":"x"}').join()),
      'messages[0].content[0].tool_use_id',
      'tool_use_not_found',
    ],
  ])('hundreds of thousands of %s are refused in a moment, in a few words', async (_, body, param, code) => {
    const error = await refusedBody(body)
    expect(error).toMatchObject({ ...invalidRequest, param, code })
    expect(error.issues).toHaveLength(32)
  })

  it.each([
    ['a field', withFields(`"${'k'.repeat(500_000)}":1`)],
    ['a key that stands twice', withFields(`"metadata":{"${'k'.repeat(500_000)}":1,"${'k'.repeat(500_000)}":2}`)],
    ['a model', JSON.stringify({ ...hello, model: 'm'.repeat(500_000) })],
    ['a provider', JSON.stringify({ ...hello, model: `${'m'.repeat(500_000)}/x` })],
    ['a type', withBlocks(`{"type":"${'t'.repeat(500_000)}"}`)],
    ['an id', withBlocks(`{"type":"tool_result","tool_use_id":"${'t'.repeat(500_000)}"}`)],
  ])('%s whose name is half a megabyte is refused without repeating it', async (_, body) => {
    const error = await refusedBody(body)
    expect(error.status).toBe(400)
    expect(error.param?.length).toBeLessThan(300)
  })

  it('10,001 messages are refused', async () => {
    const messages = Array.from({ length: 10_001 }, () => ({ role: 'user', content: 'a' }))
    expect(await refusedBody(JSON.stringify({ ...hello, messages }))).toMatchObject({
      ...invalidRequest,
      code: 'too_large',
      param: 'messages',
    })
  })

  it('10,000 messages are taken', async () => {
    const messages = Array.from({ length: 10_000 }, () => ({ role: 'user', content: 'a' }))
    expect((await gateway.post({ ...hello, messages })).status).toBe(200)
  })

  const image = (bytes: number) => ({
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: Buffer.alloc(bytes).toString('base64') },
  })
  const withContent = (content: object[]) => ({ model: 'demo/echo', messages: [{ role: 'user', content }] })

  it('an image of one byte over 5 MiB is refused', async () => {
    const error = await refusedBody(JSON.stringify(withContent([image(5 * mebibyte + 1)])))
    expect(error).toMatchObject({ ...invalidRequest, code: 'too_large', param: 'messages[0].content[0].source.data' })
  })

  it('an image of exactly 5 MiB is taken', async () => {
    expect((await gateway.post(withContent([image(5 * mebibyte)]))).status).toBe(200)
  })

  it('images of more than 24 MiB together are refused', async () => {
    // The largest that the body has room for, in base64, is 24 MiB less a little: the limit is lowered to be seen.
    const small = await startGateway({ env: { VAI_LIMIT_BASE64_BYTES: String(mebibyte) } })
    try {
      const error = await refused(await small.post(withContent([image(mebibyte), image(1)])))
      expect(error).toMatchObject({ ...invalidRequest, code: 'too_large', param: 'messages' })
      expect((await small.post(withContent([image(mebibyte)]))).status).toBe(200)
    } finally {
      await small.close()
    }
  })

  it('more than 8 MiB of text is refused, counted in bytes', async () => {
    const content = 'é'.repeat(4 * mebibyte)
    expect(
      await refusedBody(
        JSON.stringify(
          withContent([
            { type: 'text', text: content },
            { type: 'text', text: 'a' },
          ]),
        ),
      ),
    ).toMatchObject({
      ...invalidRequest,
      code: 'too_large',
      param: 'messages',
    })
  })
})

describe('runs', () => {
  const routes = ['/v1/runs', '/v1/runs:stream'] as const
  const within = (request: string, more = '') => `{"request":${request}${more}}`
  const asked = JSON.stringify({ ...hello, system: prompt })

  it.each<[string, string, string, string | undefined, number?]>([
    ['what is cut short', within(asked).slice(0, -1), 'invalid_json', undefined],
    ['a word', prompt, 'invalid_json', undefined],
    ['a key that stands twice', within(withFields('"system":"a","s\\u0079stem":"b"')), 'duplicate_key', 'request.system'],
    ['a number that is none', within(asked, ',"run":{"max_turns":1e999}'), 'number_out_of_range', 'run.max_turns'],
    ['a key of JavaScript', within(asked, ',"run":{"__proto__":{"polluted":1}}'), 'unknown_field', 'run.__proto__'],
    ['a tool of JavaScript', within(asked, ',"builtins":["__proto__"]'), 'unknown_builtin', 'builtins[0]'],
    ['settings for one', within(asked, ',"run":{"tool_config":{"__proto__":{}}}'), 'tool_not_found', 'run.tool_config.__proto__'],
    ['arrays without end', within('['.repeat(100_000) + ']'.repeat(100_000)), 'too_deep', undefined],
    [
      'settings nested without end',
      within(asked, `,"run":{"tool_config":{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}}`),
      'too_deep',
      undefined,
    ],
    ['more values than there may be', within(asked, `,"builtins":[${'1,'.repeat(300_000)}1]`), 'too_many_values', undefined, 413],
    [
      'names without end',
      within(asked, `,"builtins":[${Array.from({ length: 40_000 }, (_, index) => `"t${index}"`)}]`),
      'too_large',
      'builtins',
    ],
    [
      'settings without end',
      within(asked, `,"run":{"tool_config":{${Array.from({ length: 40_000 }, (_, index) => `"t${index}":{}`)}}}`),
      'tool_not_found',
      'run.tool_config.t0',
    ],
    [
      'unknown fields without end',
      within(`{${Array.from({ length: 40_000 }, (_, index) => `"k${index}":1`)}}`),
      'required',
      'request.model',
    ],
    ['a long name', within(asked, `,"builtins":["${'t'.repeat(500_000)}"]`), 'too_large', 'builtins[0]'],
    ['long settings', within(asked, `,"run":{"tool_config":{"${'t'.repeat(500_000)}":{}}}`), 'tool_not_found', undefined],
  ])('with %s are refused in a moment, in a few words', async (_, body, code, param, status = 400) => {
    for (const path of routes) {
      const error = await refused(await gateway.post(body, {}, path))
      expect(error).toMatchObject({ status, type: 'invalid_request_error', code })
      if (param !== undefined) expect(error.param).toBe(param)
      expect(error.param?.length ?? 0).toBeLessThan(300)
      expect(Object.prototype).not.toHaveProperty('polluted')
    }
  })
})
