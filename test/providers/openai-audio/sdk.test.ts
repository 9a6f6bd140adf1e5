import { once } from 'node:events'
import { connect } from 'node:net'
import OpenAI, { toFile } from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { afterEach, describe, expect, it } from 'vitest'
import { wavOf } from '../../../audio/wav.ts'
import { openAiAudioKey, sawtooth, startOpenAiAudio } from '../../upstreams/openai-audio.ts'
import { sentences } from '../../upstreams/openai-audio-realtime.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** OpenAI's own client against the simulated vendor, so that it is noticed where that has drifted. */

const open: Upstream[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function started(): Promise<{ client: OpenAI; upstream: Upstream }> {
  const upstream = await startOpenAiAudio({ hears: { text: 'Good morning to you.' }, transcribes: sentences('Good evening.') })
  open.push(upstream)
  return { client: new OpenAI({ apiKey: openAiAudioKey, baseURL: `${upstream.url}/v1`, maxRetries: 0 }), upstream }
}

const file = toFile(wavOf(sawtooth(24_000), 24_000), 'speech.wav', { type: 'audio/wav' })

describe("OpenAI's client", () => {
  it('reads a transcription', async () => {
    const { client } = await started()
    const { text } = await client.audio.transcriptions.create({ file: await file, model: 'gpt-4o-transcribe', prompt: 'Pune' })
    expect(text).toBe('Good morning to you.')
  })

  it('reads words', async () => {
    const { client } = await started()
    const answer = await client.audio.transcriptions.create({
      file: await file,
      model: 'whisper-1',
      response_format: 'verbose_json',
      timestamp_granularities: ['word'],
    })
    expect(answer.words?.map(({ word }) => word)).toEqual(['Good', 'morning', 'to', 'you.'])
    expect(answer.duration).toBe(2.5)
  })

  it('reads a streamed transcription', async () => {
    const { client } = await started()
    const stream = await client.audio.transcriptions.create({ file: await file, model: 'gpt-4o-transcribe', stream: true })
    const texts: string[] = []
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') texts.push(event.delta)
      if (event.type === 'transcript.text.done') expect(event.text).toBe(texts.join(''))
    }
    expect(texts.join('')).toBe('Good morning to you.')
  })

  it('understands a refusal', async () => {
    const { client } = await started()
    const refused = client.audio.transcriptions.create({ file: await file, model: 'whisper-9' })
    await expect(refused).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client.audio.speech.create({ model: 'tts-1', voice: 'marin', input: 'Hi.' })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_value',
      param: 'voice',
    })
  })

  it('reads speech', async () => {
    const { client } = await started()
    const spoken = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi.', response_format: 'pcm' })
    expect(Buffer.from(await spoken.arrayBuffer())).toEqual(sawtooth(12_000))
  })

  it('hears over a socket', async () => {
    const { client, upstream } = await started()
    const { port, hostname } = new URL(upstream.url)
    // The client insists on TLS, which a server on this machine does not speak.
    const options = { createConnection: () => connect(Number(port), hostname) }
    const socket = new OpenAIRealtimeWS({ model: 'gpt-realtime', options }, client)
    const done = new Promise<string>((resolve, reject) => {
      socket.on('conversation.item.input_audio_transcription.completed', ({ transcript }) => resolve(transcript))
      socket.on('error', reject)
    })
    await once(socket.socket, 'open')
    const input = {
      format: { type: 'audio/pcm', rate: 24_000 },
      transcription: { model: 'gpt-4o-transcribe' },
      turn_detection: null,
    } as const
    socket.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } })
    socket.send({ type: 'input_audio_buffer.append', audio: sawtooth(24_000).toString('base64') })
    socket.send({ type: 'input_audio_buffer.commit' })
    expect(await done).toBe('Good evening.')
    socket.close()
  })

  it('is told what a socket does not take', async () => {
    const { client, upstream } = await started()
    const { port, hostname } = new URL(upstream.url)
    const options = { createConnection: () => connect(Number(port), hostname) }
    const socket = new OpenAIRealtimeWS({ model: 'gpt-realtime', options }, client)
    const codes: (string | null | undefined)[] = []
    const told = new Promise<void>((resolve) => {
      socket.on('error', ({ error }) => {
        codes.push(error?.code)
        if (codes.length === 2) resolve()
      })
    })
    await once(socket.socket, 'open')
    socket.send({ type: 'input_audio_buffer.commit' })
    socket.socket.send('{')
    await told
    expect(codes).toEqual(['input_audio_buffer_commit_empty', 'invalid_json'])
    socket.close()
  })
})
