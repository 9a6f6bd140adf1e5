import { afterEach, describe, expect, it } from 'vitest'
import { wavHeader } from '../../../audio/wav.ts'
import { type CollectedSpan, type Collector, startCollector } from '../../collector.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { json } from '../../upstreams/behaviour.ts'
import { openAiAudioKey, sawtooth, startOpenAiAudio } from '../../upstreams/openai-audio.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const trace = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${trace}-b7ad6b7169203331-01`

/** Two sentences, which the demo of a model says again. */
const text = 'The first sentence is here. The second one is here, too.'
const question = { model: 'demo/echo', max_tokens: 1000, messages: [{ role: 'user', content: text }] }
const spoken = { ...question, stream: true, voice: { output: { voice: 'openai/alloy', format: 'pcm' } } }

function heard(model: string): object {
  const pcm = sawtooth(12_000)
  const data = Buffer.concat([wavHeader(24_000, pcm.length), pcm]).toString('base64')
  const block = { type: 'audio_stt', source: { type: 'base64', media_type: 'audio/wav', data } }
  return { ...question, stt_model: model, messages: [{ role: 'user', content: [block] }] }
}

async function start(upstream: Upstream, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_OPENAI_BASE_URL: `${upstream.url}/v1`, ...env },
    keys: { openai: openAiAudioKey },
  })
  running.push(upstream, gateway)
  return gateway
}

async function traced(upstream: Upstream): Promise<{ gateway: Gateway; collector: Collector }> {
  const collector = await startCollector()
  running.push(collector)
  return { gateway: await start(upstream, { VAI_OTLP_ENDPOINT: collector.url }), collector }
}

/** What was sent of one request, which is over; the gateway is closed by this. */
async function spansOf(gateway: Gateway, collector: Collector): Promise<CollectedSpan[]> {
  await gateway.logged('"msg":"request"')
  await gateway.close()
  return collector.spans()
}

function wordsIn({ requests }: Collector): string {
  return requests.map(({ body }) => body.toString()).join()
}

describe('the trace of a request', () => {
  it('has a span for each sentence that a vendor speaks, on which the vendor goes on', async () => {
    const upstream = await startOpenAiAudio()
    const { gateway, collector } = await traced(upstream)
    expect(await (await gateway.post(spoken)).text()).toContain('audio_chunk')
    const spans = await spansOf(gateway, collector)
    const request = spans.find(({ name }) => name === 'POST /v1/messages')
    const speaking = spans.filter(({ name }) => name.startsWith('speak '))
    expect(speaking).toHaveLength(upstream.requests.length)
    expect(speaking.length).toBeGreaterThan(1)
    const { port } = new URL(upstream.url)
    for (const span of speaking) {
      expect(span).toMatchObject({
        name: 'speak gpt-4o-mini-tts',
        kind: 3,
        traceId: request?.traceId,
        parentSpanId: request?.spanId,
        attributes: {
          'gen_ai.operation.name': 'speak',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'gpt-4o-mini-tts',
          'gen_ai.output.type': 'speech',
          'gen_ai.response.time_to_first_chunk': expect.any(Number),
          'server.address': '127.0.0.1',
          'server.port': Number(port),
          'vai.characters': expect.any(Number),
          'vai.sound_seconds': expect.any(Number),
        },
      })
      expect(span.status.code).not.toBe(2)
    }
    expect(upstream.requests.map(({ headers }) => headers.traceparent).sort()).toEqual(
      speaking.map(({ spanId }) => `00-${request?.traceId}-${spanId}-01`).sort(),
    )
    expect(wordsIn(collector)).not.toContain('sentence')
  })

  it('has one for each block that is heard, with no word of it', async () => {
    const { gateway, collector } = await traced(await startOpenAiAudio())
    const answer = await gateway.post(heard('openai/whisper-1'))
    expect(answer.status).toBe(200)
    const { metadata } = JSON.parse(await answer.text())
    const [hearing, ...others] = await spansOf(gateway, collector)
    expect(others.map(({ name }) => name)).toEqual(['chat echo', 'POST /v1/messages'])
    expect(hearing).toMatchObject({
      name: 'transcribe whisper-1',
      kind: 3,
      parentSpanId: others.at(-1)?.spanId,
      attributes: {
        'gen_ai.operation.name': 'transcribe',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'whisper-1',
        'gen_ai.output.type': 'text',
        'vai.sound_seconds': expect.any(Number),
      },
    })
    expect(metadata.user_transcript).not.toBe('')
    expect(wordsIn(collector)).not.toContain(metadata.user_transcript)
  })

  it('tells of what failed by its code, for each try', async () => {
    const refusal = { error: { message: 'They said: the first sentence', type: 'server_error' } }
    const { gateway, collector } = await traced(await startUpstream(json(refusal, { status: 500 })))
    expect(await (await gateway.post(spoken)).text()).toContain('audio_unavailable')
    const failed = (await spansOf(gateway, collector)).filter(({ attributes }) => 'error.type' in attributes)
    expect(failed.length).toBeGreaterThan(1)
    for (const { name, status, attributes } of failed) {
      expect(name).toBe('speak gpt-4o-mini-tts')
      expect(status).toEqual({ code: 2 })
      expect(attributes).toMatchObject({ 'error.type': 'provider_error', 'http.response.status_code': 500 })
      expect(attributes).not.toHaveProperty('vai.characters')
    }
    expect(wordsIn(collector)).not.toContain('sentence')
  })

  it('has no place for those who are part of the gateway', async () => {
    const { gateway, collector } = await traced(await startOpenAiAudio())
    await (await gateway.post({ ...spoken, voice: { output: { voice: 'demo/soft' } } })).text()
    const speaking = (await spansOf(gateway, collector)).filter(({ name }) => name.startsWith('speak '))
    expect(speaking.length).toBeGreaterThan(1)
    for (const { attributes } of speaking) expect(attributes).not.toHaveProperty('server.address')
  })

  it('goes on to vendors of speech as it came where the gateway makes none', async () => {
    const upstream = await startOpenAiAudio()
    const gateway = await start(upstream)
    await (await gateway.post(spoken, { traceparent })).text()
    await (await gateway.post(heard('openai/whisper-1'), { traceparent })).text()
    expect(new Set(upstream.requests.map(({ headers }) => headers.traceparent))).toEqual(new Set([traceparent]))
  })
})

describe('the line of a request in the log', () => {
  it('says how much was spoken, and when the first of it was there', async () => {
    const gateway = await start(await startOpenAiAudio())
    await (await gateway.post(spoken)).text()
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({
      spoken_characters: text.length - 1,
      spoken_seconds: expect.any(Number),
      first_audio_ms: expect.any(Number),
    })
  })

  it('says how much was heard, also where no answer came of it', async () => {
    const gateway = await start(await startOpenAiAudio())
    // There is nothing but sound at that address.
    expect((await gateway.post({ ...heard('openai/whisper-1'), model: 'openai/gpt-5-mini' })).status).toBe(404)
    const line = JSON.parse(await gateway.logged('"msg":"request"'))
    expect(line).toMatchObject({ heard_seconds: expect.any(Number) })
    expect(line).not.toHaveProperty('spoken_seconds')
  })
})
