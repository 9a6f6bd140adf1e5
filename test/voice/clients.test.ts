import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../api/schemas.gen.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'
import { wavTone } from '../plugins/voice/sounds.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { geminiKey, startGemini } from '../upstreams/gemini.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { eventsIn, expectOrder, readFrom, soundIn, textOf } from './answers.ts'
import { stt } from './ears.ts'

/** Clients that know nothing of sound, and what they send back of it: models read what they always have. */

let gateway: Gateway
let anthropic: Upstream
let openai: Upstream
let gemini: Upstream

beforeAll(async () => {
  anthropic = await startAnthropic()
  openai = await startOpenAiChat()
  gemini = await startGemini()
  gateway = await startGateway({
    env: {
      VAI_ANTHROPIC_BASE_URL: anthropic.url,
      VAI_OPENAI_BASE_URL: `${openai.url}/v1`,
      VAI_GEMINI_BASE_URL: `${gemini.url}/v1beta`,
    },
    keys: { anthropic: anthropicKey, openai: openAiKey, 'gem-dev': geminiKey },
  })
})
afterAll(async () => {
  await gateway.close()
  for (const each of [anthropic, openai, gemini]) await each.close()
})

const models = ['anthropic/claude-sonnet-4-5', 'openai/gpt-5-mini', 'gem-dev/gemini-2.5-flash']
const said = 'Good morning. How are you today?'
const output = { output: { voice: 'demo/soft' } }

/** What the SDK lets a caller add to a request. */
function sdk(): Anthropic {
  return new Anthropic({ apiKey: 'sk-test-none', baseURL: gateway.url, maxRetries: 0 })
}

describe.each(models)("Anthropic's own SDK with %s", (model) => {
  const request = { model, max_tokens: 200, messages: [{ role: 'user' as const, content: said }] }

  it('puts a voiced stream together as it would a silent one', async () => {
    const silent = await sdk().messages.stream(request).finalMessage()
    const stream = sdk().messages.stream({ ...request, ...{ voice: output } })
    let written = ''
    stream.on('text', (text) => {
      written += text
    })
    const voiced = await stream.finalMessage()
    expect(voiced.content).toEqual(silent.content)
    expect(voiced.stop_reason).toBe(silent.stop_reason)
    expect(voiced.usage.output_tokens).toBe(silent.usage.output_tokens)
    expect(written).toBe(said)
  })

  it('gives on what it does not know: the events of a raw stream, and the block of a whole answer', async () => {
    const seen: unknown[] = []
    const raw = await sdk().messages.create({ ...request, stream: true, ...{ voice: output } })
    for await (const event of raw) seen.push(event)
    const types = seen.map((event) => JSON.parse(JSON.stringify(event)).type)
    expect(types).toContain('message_stop')
    const whole = await sdk().messages.create({ ...request, ...{ voice: output } })
    const message: Message = JSON.parse(JSON.stringify(whole))
    expect(textOf(message)).toBe(said)
    expect(soundIn(message)?.transcript.trim()).toBe(said)
  })

  it('goes on with a conversation, sound and all', async () => {
    const aligned = { output: { ...output.output, alignment: true } }
    const first = await sdk().messages.create({ ...request, ...{ voice: aligned } })
    const more = { role: 'user' as const, content: 'And tomorrow?' }
    const again = await sdk().messages.create({
      ...request,
      messages: [...request.messages, { role: 'assistant', content: first.content }, more],
    })
    expect(again.content[0]).toMatchObject({ type: 'text', text: 'And tomorrow?' })
    const upstream = upstreamOf(model)
    expect(upstream.requests.at(-1)?.body).not.toMatch(/"audio"|transcript|base64/)
    expect(upstream.requests.at(-1)?.body.match(/Good morning/g)).toHaveLength(2)
  })
})

describe('fetch and nothing else', () => {
  it.each(models)('reads a voiced stream of %s', async (model) => {
    const response = await gateway.post({
      model,
      max_tokens: 200,
      stream: true,
      voice: output,
      messages: [{ role: 'user', content: said }],
    })
    const answered = readFrom(eventsIn(await response.text()))
    expectOrder(answered)
    expect([answered.text, answered.transcript.trim()]).toEqual([said, said])
  })
})

describe('what a model reads that is given the bytes of the request', () => {
  it('is everything else as it was written: order, unknown members, spaces, numbers', async () => {
    const wav = wavTone(2400).toString('base64')
    const sound = `{"type":"audio_stt","source":{"type":"base64","media_type":"audio/wav","data":"${wav}"}}`
    const spoken = `{"transcript":"Hi.", "type":"audio","source":{"media_type":"audio/wav","type":"base64","data":"${wav}"}}`
    const tools =
      '[ {"name":"sum","input_schema":{"type":"object","properties":{"a":{"type":"number","maximum":12345678901234567890.50,"minimum":-0.0,"multipleOf":1e-2}}, "x-unknown":{"b":1,"a":2}}} ]'
    const body = (one: string, two: string, voice: string): string =>
      `{ "max_tokens" : 200,${voice} "tools":${tools},  "messages":[ {"content":[ {"type":"text","text":"caf\\u00e9 \\/ é"}, ${one} ],"role":"user"} , {"role":"assistant","content":[{"text":"Hi.","type":"text"}${two}]},{"role":"user","content":"Go  on"} ] , "temperature":1.0, "metadata":{"user_id":"u"}, "model":"anthropic/claude-sonnet-4-5"}`
    const voiced = body(sound, `,${spoken}`, `"stt_model":"demo/meter","voice":{"output":{"voice":"demo/soft"}},`)
    const answered = await messageOf(await gateway.post(voiced))
    const heard = answered.metadata?.user_transcript ?? ''
    expect(heard).toMatch(/^Speech of 0\.1 seconds\.$/)
    const sent = anthropic.requests.at(-1)?.body ?? ''
    await messageOf(await gateway.post(body(JSON.stringify({ type: 'text', text: heard }), '', '')))
    const silent = anthropic.requests.at(-1)?.body ?? ''
    // Between members and items of what was changed, spaces alone may differ.
    const tight = (text: string): string =>
      text
        .replace(/([[{,]) +/g, '$1')
        .replace(/ +(?=[,\]}])/g, '')
        .replace(/^\{ +/, '{')
    expect(tight(sent)).toBe(tight(silent))
    expect(sent).toContain(tools)
    expect(sent).toContain('"caf\\u00e9 \\/ é"')
    expect(sent).toContain('12345678901234567890.50')
  })

  it('is refused where a member stands twice, so that nobody reads another request than was heard', async () => {
    const messages = (text: string): string => `"messages":[{"role":"user","content":[{"type":"text","text":"${text}"}]}]`
    const twice = `{"model":"anthropic/claude-sonnet-4-5","max_tokens":10,${messages('one')},"voice":{"input":{}},${messages('two')}}`
    const before = anthropic.requests.length
    const response = await gateway.post(twice)
    expect(response.status).toBe(400)
    expect((await errorOf(response)).issues).toMatchObject([{ code: 'duplicate_key', param: 'messages' }])
    expect(anthropic.requests.length).toBe(before)
  })
})

describe('an answer of nothing but sound, which the client put together itself', () => {
  it.each(models)('is its transcript to %s', async (model) => {
    const spoken = {
      type: 'audio',
      source: { type: 'base64', media_type: 'audio/wav', data: 'UklGRg==' },
      transcript: 'I said so.',
    }
    const messages = [
      { role: 'user', content: [stt(wavTone(2400))] },
      { role: 'assistant', content: [spoken] },
      { role: 'user', content: 'And now?' },
    ]
    const message = await messageOf(await gateway.post({ model, max_tokens: 100, stt_model: 'demo/meter', messages }))
    expect(textOf(message)).toBe('And now?')
    const sent = upstreamOf(model).requests.at(-1)?.body ?? ''
    expect(sent).toContain('I said so.')
    expect(sent).toContain('Speech of 0.1 seconds.')
    expect(sent).not.toContain('UklGRg')
  })
})

function upstreamOf(model: string): Upstream {
  return model.startsWith('anthropic') ? anthropic : model.startsWith('openai') ? openai : gemini
}
