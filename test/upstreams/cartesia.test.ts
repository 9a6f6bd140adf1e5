import { Agent } from 'node:https'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type CartesiaScript, cartesiaKey, cartesiaVoice, startCartesia } from './cartesia.ts'
import { silenceOf, soundOf, textOf } from './cartesia-sound.ts'
import type { Upstream } from './upstream.ts'

// As a module of today's kind it does not find `ws`.
const sdk: typeof import('@cartesia/cartesia-js') = createRequire(import.meta.url)('@cartesia/cartesia-js')
const { Cartesia } = sdk

const pcm = { encoding: 'pcm', rate: 16_000 } as const
const raw = { container: 'raw', encoding: 'pcm_s16le', sample_rate: 16_000 } as const
const request = { model_id: 'sonic-3.5', voice: { id: cartesiaVoice }, output_format: raw }

let upstream: Upstream | undefined
afterEach(() => upstream?.close())

async function client(script: CartesiaScript = {}, apiKey = cartesiaKey): Promise<InstanceType<typeof Cartesia>> {
  upstream = await startCartesia(script)
  return new Cartesia({ apiKey, baseURL: upstream.url, maxRetries: 0 })
}

/** The vendor's own client speaks with the simulated vendor, so that neither drifts from the other. */
describe("the vendor's client", () => {
  it('gets the sound of a text', async () => {
    const answer = await (await client()).tts.generate({ ...request, transcript: 'Hello there.' })
    expect(textOf(new Uint8Array(await answer.arrayBuffer()), pcm)).toBe('Hello there.')
  })

  it('gets the events of a text', async () => {
    const stream = await (await client()).tts.generateSSE({ ...request, transcript: 'Hello there.', add_timestamps: true })
    const sound: Buffer[] = []
    const words: string[] = []
    for await (const event of stream) {
      if (event.type === 'chunk') sound.push(Buffer.from(event.data, 'base64'))
      if (event.type === 'timestamps') words.push(...event.word_timestamps.words)
    }
    expect(textOf(Buffer.concat(sound), pcm)).toBe('Hello there.')
    expect(words).toEqual(['Hello', 'there.'])
  })

  it('speaks in a context', async () => {
    const socket = await (await client({ speech: { strays: true } })).tts.websocket({ agent: new PlainAgent() })
    const context = socket.context({ ...request, max_buffer_delay_ms: 0, add_timestamps: true })
    await context.push({ transcript: 'One. ', flush: true })
    await context.push({ transcript: 'Two.' })
    await context.no_more_inputs()
    const types: string[] = []
    const sound: Buffer[] = []
    for await (const event of context.receive()) {
      types.push(event.type)
      if (event.type === 'chunk') sound.push(Buffer.from(event.data, 'base64'))
    }
    expect(textOf(Buffer.concat(sound), pcm)).toBe('One. Two.')
    expect(types).toEqual(['chunk', 'timestamps', 'chunk', 'flush_done', 'chunk', 'timestamps', 'chunk', 'done'])
    socket.close()
  })

  it('is refused as the vendor refuses', async () => {
    const stranger = await client({}, 'sk-test-somebody-else')
    await expect(stranger.tts.generate({ ...request, transcript: 'Hello.' })).rejects.toBeInstanceOf(Cartesia.AuthenticationError)
    await upstream?.close()
    const limited = await client({ speech: { concurrency: 0 } })
    const socket = await limited.tts.websocket({ agent: new PlainAgent() })
    // Errors are told to those who listen as well.
    socket.on('error', () => undefined)
    const context = socket.context(request)
    await context.push({ transcript: 'Hello.' })
    const heard = async (): Promise<void> => {
      for await (const event of context.receive()) expect(event).toMatchObject({ type: 'error', status_code: 429 })
    }
    await expect(heard()).rejects.toThrow("You have exceeded your plan's concurrency limit.")
    socket.close()
  })

  it('has a file heard', async () => {
    const answer = await (await client()).stt.transcribe({
      file: new File([Buffer.from('RIFF')], 'audio.wav'),
      model: 'ink-whisper',
      language: 'en',
      timestamp_granularities: ['word'],
    })
    expect(answer).toMatchObject({ text: 'Hello there.', duration: 1.25, words: [{ word: 'Hello' }, { word: 'there.' }] })
  })

  it('hears with a word for when', async () => {
    const ears = (await client()).stt.manualFinalize
    const socket = ears.websocket({ model: 'ink-2', encoding: 'pcm_s16le', sample_rate: 16_000, keyterm: ['Sonic', 'Ink Two'] })
    const heard: string[] = []
    const done = new Promise<void>((resolve) => socket.on('done', () => resolve()))
    socket.on('transcript', ({ is_final, text }) => void (is_final && heard.push(text)))
    socket.sendRaw(soundOf('One two', pcm))
    socket.send('finalize')
    socket.sendRaw(soundOf(' three', pcm))
    socket.send('close')
    await done
    expect(heard).toEqual(['One two', ' three'])
    expect(upstream?.sockets[0]?.opening.query.getAll('keyterm')).toEqual(['Sonic', 'Ink Two'])
  })

  it('hears turns', async () => {
    const ears = (await client()).stt.autoFinalize
    const socket = ears.websocket({ model: 'ink-2', encoding: 'pcm_s16le', sample_rate: 16_000, turn_end_threshold: 0.3 })
    const types: string[] = []
    socket.on('event', ({ type }) => types.push(type))
    const ended = new Promise<string>((resolve) => socket.on('turn.end', ({ transcript }) => resolve(transcript)))
    socket.sendRaw(Buffer.concat([soundOf('How are you?', pcm), silenceOf(900, pcm)]))
    expect(await ended).toBe('How are you?')
    socket.send({ type: 'close' })
    await upstream?.waitForSocketClose()
    expect(types).toEqual(['connected', 'turn.start', 'turn.update', 'turn.update', 'turn.eager_end', 'turn.end'])
  })
})

/** The client insists on TLS for its socket of speech, which nothing on this machine has a certificate for. */
class PlainAgent extends Agent {
  override createConnection(options: { readonly host?: string; readonly port?: number }): ReturnType<typeof connect> {
    return connect({ host: '127.0.0.1', port: Number(options.port) })
  }
}
