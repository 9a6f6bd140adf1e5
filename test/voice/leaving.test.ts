import { afterEach, describe, expect, it } from 'vitest'
import { readerOf } from '../gate.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { wavTone } from '../plugins/voice/sounds.ts'
import { reply, silence } from '../upstreams/behaviour.ts'
import { startDeepgram } from '../upstreams/deepgram.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { expectOrder, streamed } from './answers.ts'
import { deepgramEar, stt } from './ears.ts'
import { type HeldModel, startHeldModel } from './held-model.ts'
import { startModel } from './model.ts'
import { deepgram, type Instead } from './vendors.ts'

/** Callers who leave, in each phase of an answer: whoever worked for them is let go at once. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Stage {
  readonly gateway: Gateway
  readonly upstream: Upstream
  /** Asks with a signal that ends the request. */
  ask(body: object): { readonly answer: Promise<Response>; leave(): void }
}

async function stageFor(upstream: Upstream, model: Pick<HeldModel, 'env' | 'keys'>): Promise<Stage> {
  open.push(upstream)
  const gateway = await startGateway({
    env: { ...deepgram.env(upstream.url), ...model.env },
    keys: { ...model.keys, deepgram: deepgram.key },
  })
  open.push(gateway)
  return {
    gateway,
    upstream,
    ask(body) {
      const controller = new AbortController()
      const answer = fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'anthropic/claude-sonnet-4-5', max_tokens: 100, ...body }),
        signal: controller.signal,
      })
      answer.catch(() => undefined)
      return { answer, leave: () => controller.abort() }
    },
  }
}

async function speakingAs(instead: Instead): Promise<Upstream> {
  const { upstream } = await deepgram.start(instead)
  if (!upstream) throw new TypeError('it speaks over HTTP')
  return upstream
}

async function heldModel(): Promise<HeldModel> {
  const model = await startHeldModel()
  open.push(model)
  return model
}

const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
const hello = [{ role: 'user', content: 'Hello' }]
const text = 'The first sentence is here. The second one follows.'

describe('a caller leaves', () => {
  it('while a file is heard: no model is asked', async () => {
    const model = await startModel('Never.')
    open.push(model.upstream)
    const { ask, upstream } = await stageFor(await deepgramEar.start(() => silence), model)
    const { leave } = ask({
      stt_model: deepgramEar.model,
      messages: [{ role: 'user', content: [stt(wavTone(2400)), stt(wavTone(4800))] }],
    })
    await upstream.waitForRequest(2)
    leave()
    await upstream.waitForClose(2)
    expect(model.upstream.requests).toEqual([])
  })

  it('while a stream is heard', async () => {
    const model = await startModel('Never.')
    open.push(model.upstream)
    const ear = await startDeepgram({ listen: { speech: [{ text: 'Hi', fromMs: 0, toMs: 10 }], mute: true, neverCloses: true } })
    const { ask, upstream } = await stageFor(ear, model)
    const { leave } = ask({ stt_model: 'deepgram/flux-general-en', messages: [{ role: 'user', content: [stt(wavTone(2400))] }] })
    await upstream.waitForSocket()
    leave()
    await upstream.waitForSocketClose()
    expect(model.upstream.requests).toEqual([])
  })

  it.each([
    ['before the first sound', silence, false],
    [
      'in the middle of a sentence',
      reply(Buffer.alloc(48_000), { headers: { 'content-type': 'audio/l16' }, chunks: { size: 4000 }, stallAt: 24_000 }),
      true,
    ],
  ] as const)('%s, while the model still writes', async (_, behaviour, hasSound) => {
    const model = await heldModel()
    const { ask, upstream } = await stageFor(await speakingAs(() => behaviour), model)
    const { answer, leave } = ask({ stream: true, voice, messages: hello })
    await model.asked()
    model.write(`${text} And the`)
    const reader = readerOf(await answer)
    if (hasSound) await reader.until('audio_chunk')
    await upstream.waitForRequest(2)
    leave()
    await Promise.all([upstream.waitForClose(2), model.left()])
    expect(upstream.requests).toHaveLength(2)
  })

  it('while the end of the message waits for sound', async () => {
    const model = await startModel(text)
    open.push(model.upstream)
    const { ask, upstream } = await stageFor(await speakingAs(() => silence), model)
    const { answer, leave } = ask({ stream: true, voice, messages: hello })
    await readerOf(await answer).until('content_block_stop')
    await upstream.waitForRequest(2)
    leave()
    await upstream.waitForClose(2)
  })

  it('while a whole answer is spoken', async () => {
    const model = await startModel(text)
    open.push(model.upstream)
    const { ask, upstream, gateway } = await stageFor(await speakingAs(() => silence), model)
    const { leave } = ask({ voice, messages: hello })
    await upstream.waitForRequest(2)
    leave()
    await upstream.waitForClose(2)
    await gateway.logged('"msg":"request"')
  })
})

describe('a caller who does not read', () => {
  it('is not spoken to on and on, and hears everything in the end', { timeout: 60_000 }, async () => {
    const many = Array.from(
      { length: 400 },
      (_, index) => `This is the sentence with the number ${index}, and it is not short.`,
    ).join(' ')
    const model = await startModel(many)
    open.push(model.upstream)
    const vendor = await deepgram.start()
    open.push(vendor)
    const gateway = await startGateway({
      env: { ...deepgram.env(vendor.url), ...model.env, VAI_LIMIT_SPEECH_CHARACTERS: '100000' },
      keys: { ...model.keys, deepgram: deepgram.key },
    })
    open.push(gateway)
    const response = await gateway.post({
      model: model.name,
      max_tokens: 100,
      stream: true,
      voice: { output: { ...voice.output, sample_rate: 48_000 } },
      messages: hello,
    })
    await model.upstream.waitForBackpressure()
    const spoken = vendor.texts().length
    expect(spoken).toBeLessThan(300)
    const answered = await streamed(response)
    expectOrder(answered)
    expect(answered.transcript).toBe(many)
    expect(vendor.texts().length).toBeGreaterThanOrEqual(400)
  })
})
