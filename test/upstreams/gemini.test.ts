import { describe, expect, it, onTestFinished } from 'vitest'
import { type GeminiOptions, geminiKey, startGemini } from './gemini.ts'
import { isObject, type Json } from './json.ts'

async function ask(
  body: unknown,
  options: GeminiOptions = {},
  path = '/v1beta/models/gemini-3-flash:generateContent',
  key = geminiKey,
) {
  const upstream = await startGemini(options)
  onTestFinished(() => upstream.close())
  const headers = { 'content-type': 'application/json', ...(key && { 'x-goog-api-key': key }) }
  const response = await fetch(upstream.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

async function messageOf(...asked: Parameters<typeof ask>): Promise<string> {
  const answer: unknown = JSON.parse((await ask(...asked)).text)
  return isObject(answer) && isObject(answer.error) ? String(answer.error.message) : 'no error'
}

const says = (text: string): Json => ({ role: 'user', parts: [{ text }] })
const call = (more: Json = {}): Json => ({ role: 'model', parts: [{ functionCall: { name: 'f', args: {} }, ...more }] })
const result = (name = 'f'): Json => ({ role: 'user', parts: [{ functionResponse: { name, response: { output: 'x' } } }] })

describe('the simulated Gemini API', () => {
  it('repeats what was said, whole, as events with CRLF, and as an array', async () => {
    const body = { contents: [says('Hi there, Gemini.')] }
    expect(JSON.parse((await ask(body)).text)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] })
    const path = '/v1beta/models/m:streamGenerateContent'
    expect((await ask(body, {}, `${path}?alt=sse`)).text).toMatch(/^data: \{.*\}\r\n\r\ndata: /)
    expect(JSON.parse((await ask(body, {}, path)).text)).toHaveLength(4)
  })

  it('calls the first function, signed', async () => {
    const body = { contents: [says('Hi')], tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: {} }] }] }
    const part = { functionCall: { name: 'f', args: {} }, thoughtSignature: expect.any(String) }
    expect(JSON.parse((await ask(body)).text)).toMatchObject({ candidates: [{ content: { parts: [part] } }] })
  })

  it.each<[string, Json, string]>([
    ['unknown fields', { contents: [says('x')], top: 1 }, 'Unknown name "top": Cannot find field'],
    ['unknown options', { contents: [says('x')], generationConfig: { max: 1 } }, `Unknown name "max" at 'generation_config'`],
    ['labels', { contents: [says('x')], labels: {} }, 'Unknown name "labels"'],
    ['no contents', {}, 'contents is not specified'],
    ['another role', { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }, 'Please use a valid role'],
    ['no parts', { contents: [{ role: 'user', parts: [] }] }, 'contents.parts must not be empty'],
    ['an answer at the end', { contents: [says('x'), { role: 'model', parts: [{ text: 'y' }] }] }, 'end with a user role'],
    ['calls without results', { contents: [says('x'), call(), says('y')] }, 'is equal to the number of function call parts'],
    ['results without calls', { contents: [says('x'), result()] }, 'comes immediately after a function call turn'],
    ['results of another', { contents: [says('x'), call({ thoughtSignature: 's' }), result('g')] }, 'answers a function call'],
    ['unsigned calls', { contents: [says('x'), call(), result()] }, 'missing a thought_signature'],
    [
      'mixed tools that are not announced',
      { contents: [says('x')], tools: [{ functionDeclarations: [{ name: 'f' }] }, { googleSearch: {} }] },
      'include_server_side_tool_invocations',
    ],
    [
      'a choice without functions',
      { contents: [says('x')], toolConfig: { functionCallingConfig: { mode: 'ANY' } } },
      'without function_declarations',
    ],
    [
      'budget and level',
      { contents: [says('x')], generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
      'only one of thinking budget and thinking level',
    ],
  ])('refuses %s', async (_, body, message) => {
    expect(await messageOf(body)).toContain(message)
  })

  it('asks no signature of older models, nor of turns that are over', async () => {
    const contents = [says('x'), call(), result()]
    expect(await messageOf({ contents }, {}, '/v1beta/models/gemini-2.5-flash:generateContent')).toBe('no error')
    expect(await messageOf({ contents: [...contents, { role: 'model', parts: [{ text: 'y' }] }, says('z')] })).toBe('no error')
  })

  it('knows its key, its models and its paths', async () => {
    const body = { contents: [says('x')] }
    expect(await messageOf(body, {}, undefined, '')).toContain('unregistered callers')
    expect(await messageOf(body, {}, undefined, 'sk-test-other')).toContain('API key not valid')
    expect((await ask(body, { models: ['gemini-2.5-pro'] })).status).toBe(404)
    expect((await ask(body, {}, '/v1/models/m:generateContent')).status).toBe(404)
    expect((await ask(body, {}, '/v1beta/models/a/b:generateContent')).status).toBe(404)
  })
})

describe('the simulated Vertex AI', () => {
  const path = '/v1/publishers/google/models/gemini-3-flash:generateContent'

  it('takes labels, and no fields of the Gemini API', async () => {
    const options = { service: 'vertex-ai' } as const
    const body = { contents: [says('x')], labels: { user_id: 'u' } }
    expect(await messageOf(body, options, path)).toBe('no error')
    const announced = { ...body, toolConfig: { includeServerSideToolInvocations: true } }
    expect(await messageOf(announced, options, path)).toContain('Unknown name "includeServerSideToolInvocations"')
  })
})
