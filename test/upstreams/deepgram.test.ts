import { DeepgramClient } from '@deepgram/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { type DeepgramScript, deepgramKey, startDeepgram } from './deepgram.ts'
import { soundOf } from './deepgram-speak.ts'
import type { Upstream } from './upstream.ts'

/** Deepgram's own client against the simulated Deepgram: what one of them has wrong shows here. */

const started: Upstream[] = []
afterEach(async () => {
  for (const each of started.splice(0)) await each.close()
})

async function clientOf(
  script: DeepgramScript = {},
  apiKey = deepgramKey,
): Promise<{ client: DeepgramClient; upstream: Upstream }> {
  const upstream = await startDeepgram(script)
  started.push(upstream)
  const sockets = upstream.url.replace('http', 'ws')
  const environment = { base: upstream.url, production: sockets, agent: sockets, agentRest: upstream.url }
  return { client: new DeepgramClient({ apiKey, environment, maxRetries: 0 }), upstream }
}

const wav = Buffer.from('RIFF....WAVEfmt data')
const hello = { text: 'Hello there.', fromMs: 200, toMs: 800 }

/** The messages of a socket until it closes, each as its type or as bytes. */
function untilClosed(socket: {
  on(event: 'message', listener: (message: unknown) => void): void
  on(event: 'close', listener: () => void): void
}): Promise<string[]> {
  const types: string[] = []
  return new Promise((resolve) => {
    socket.on('message', (message) =>
      types.push(
        typeof message === 'object' && message !== null && 'type' in message && message.type ? String(message.type) : 'bytes',
      ),
    )
    socket.on('close', () => resolve(types))
  })
}

describe("Deepgram's own client", () => {
  it('has a file transcribed', async () => {
    const { client, upstream } = await clientOf()
    const answer = await client.listen.v1.media.transcribeFile(wav, { model: 'nova-3', smart_format: true, keyterm: ['Vango'] })
    expect(answer).toMatchObject({ results: { channels: [{ alternatives: [{ transcript: 'Hello there.' }] }] } })
    expect(upstream.requests[0]?.bytes.equals(wav)).toBe(true)
  })

  it('is refused with a wrong key, and with what Nova-3 does not take', async () => {
    const wrong = await clientOf({}, 'sk-test-wrong')
    await expect(wrong.client.listen.v1.media.transcribeFile(wav, { model: 'nova-3' })).rejects.toMatchObject({ statusCode: 401 })
    const { client } = await clientOf()
    const keywords = client.listen.v1.media.transcribeFile(wav, { model: 'nova-3', keywords: 'Vango' })
    await expect(keywords).rejects.toMatchObject({ statusCode: 400 })
  })

  it('has a text spoken by Aura and by Flux', async () => {
    const { client } = await clientOf()
    const text = 'Good morning.'
    const format = { encoding: 'linear16', container: 'none', sample_rate: 16_000 } as const
    const aura = await client.speak.v1.audio.generate({ text, model: 'aura-2-thalia-en', ...format })
    const expected = soundOf(text, new URLSearchParams('sample_rate=16000'))
    expect(Buffer.from(await aura.arrayBuffer()).equals(expected)).toBe(true)
    const flux = await client.speak.v2.audio.generate({ text, model: 'flux-haley-en', ...format })
    expect(Buffer.from(await flux.arrayBuffer()).equals(expected)).toBe(true)
  })

  it('has sound heard by Nova', async () => {
    const { client } = await clientOf({ listen: { speech: [hello] } })
    const socket = await client.listen.v1.connect({
      model: 'nova-3',
      encoding: 'linear16',
      sample_rate: 16_000,
      interim_results: 'true',
      vad_events: 'true',
      reconnectAttempts: 0,
    })
    const types = untilClosed(socket)
    socket.connect()
    await socket.waitForOpen()
    socket.sendKeepAlive({ type: 'KeepAlive' })
    socket.sendMedia(new Uint8Array(32_000))
    socket.sendFinalize({ type: 'Finalize' })
    socket.sendCloseStream({ type: 'CloseStream' })
    expect(await types).toEqual(['SpeechStarted', 'Results', 'Results', 'Results', 'Metadata'])
  })

  it('has sound heard by Flux', async () => {
    const { client } = await clientOf({ listen: { speech: [hello] } })
    const socket = await client.listen.v2.connect({
      model: 'flux-general-en',
      encoding: 'linear16',
      sample_rate: 16_000,
      reconnectAttempts: 0,
    })
    const types = untilClosed(socket)
    socket.connect()
    await socket.waitForOpen()
    socket.sendMedia(new Uint8Array(64_000))
    socket.sendCloseStream({ type: 'CloseStream' })
    expect(await types).toEqual(['Connected', ...Array(5).fill('TurnInfo')])
  })

  it('has a text spoken piece by piece by Aura', async () => {
    const { client } = await clientOf()
    const socket = await client.speak.v1.connect({
      model: 'aura-2-thalia-en',
      encoding: 'linear16',
      sample_rate: '8000',
      reconnectAttempts: 0,
    })
    const types = untilClosed(socket)
    socket.connect()
    await socket.waitForOpen()
    socket.sendText({ type: 'Speak', text: 'Hello.' })
    socket.sendFlush({ type: 'Flush' })
    socket.sendClose({ type: 'Close' })
    expect(await types).toEqual(['Metadata', 'bytes', 'Flushed'])
  })

  it('has a text spoken piece by piece by Flux', async () => {
    const { client } = await clientOf()
    const socket = await client.speak.v2.connect({
      model: 'flux-haley-en',
      encoding: 'linear16',
      sample_rate: '8000',
      reconnectAttempts: 0,
    })
    const types = untilClosed(socket)
    socket.connect()
    await socket.waitForOpen()
    socket.sendSpeak({ type: 'Speak', text: 'Hello.' })
    socket.sendFlush({ type: 'Flush' })
    socket.sendClose({ type: 'Close' })
    expect(await types).toEqual(['Connected', 'SpeechStarted', 'Flushed', 'bytes', 'SpeechMetadata', 'SessionMetadata'])
  })
})

describe('the simulated Deepgram', () => {
  it.each([
    ['an unknown parameter', '/v1/listen?model=nova-3&volume=11', 400],
    ['an unknown model', '/v2/listen?model=nova-3', 400],
    ['a gap without interim results', '/v1/listen?model=nova-3&utterance_end_ms=1000', 400],
    ['a voice of the other family', '/v2/speak?model=aura-2-thalia-en', 400],
    ['a container on a socket', '/v1/speak?model=aura-2-thalia-en&container=wav', 400],
    ['an unknown path', '/v9/listen', 404],
  ])('does not open a socket for %s', async (_, path, status) => {
    const { upstream } = await clientOf()
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(upstream.url.replace('http', 'ws') + path, {
      headers: { authorization: `Token ${deepgramKey}` },
    })
    const answered = await new Promise<number | undefined>((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
      socket.on('error', () => undefined)
    })
    expect(answered).toBe(status)
  })

  it('takes a sign of life that is not text for sound that it cannot decode', async () => {
    const { upstream } = await clientOf()
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${upstream.url.replace('http', 'ws')}/v1/listen?model=nova-3`, {
      headers: { authorization: `Token ${deepgramKey}` },
    })
    const closed = new Promise<[number, string]>((resolve) => {
      socket.on('close', (code, reason) => resolve([code, reason.toString()]))
    })
    socket.on('open', () => socket.send(Buffer.from('{"type":"KeepAlive"}')))
    expect(await closed).toEqual([1008, expect.stringContaining('DATA-0000')])
  })
})
