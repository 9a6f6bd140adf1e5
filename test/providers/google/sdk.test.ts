import { TextToSpeechClient } from '@google-cloud/text-to-speech'
import { credentials, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { type GoogleScript, type GoogleTts, googleKey, refused, saidIn, startGoogleTts } from '../../upstreams/google-tts.ts'

/** Google's own client finds the simulated service to be what it expects of the true one. */

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const voice = { languageCode: 'en-US', name: 'en-US-Chirp3-HD-Kore' }

describe("Google's client", () => {
  it('hears a stream', async () => {
    const { client, server } = await started()
    const sound = await streamed(client, [
      { streamingConfig: { voice, streamingAudioConfig: { audioEncoding: 'PCM', sampleRateHertz: 24_000 } } },
      { input: { text: 'Hello, ' } },
      { input: { text: 'world.' } },
    ])
    expect(saidIn(sound, 'pcm')).toBe('Hello, world.')
    expect(server.calls[0]?.inputs).toEqual(['Hello, ', 'world.'])
  })

  it('hears a whole text, with the header that stands before LINEAR16', async () => {
    const { client } = await started()
    const [answer] = await client.synthesizeSpeech(
      { input: { text: 'Hello.' }, voice, audioConfig: { audioEncoding: 'LINEAR16' } },
      keyed,
    )
    const sound = Buffer.from(answer.audioContent ?? '')
    expect(sound.subarray(0, 4).toString()).toBe('RIFF')
    expect(saidIn(sound.subarray(44), 'pcm')).toBe('Hello.')
  })

  it.each<[string, object[], number, RegExp]>([
    ['text before the voice', [{ input: { text: 'Hello.' } }], status.INVALID_ARGUMENT, /streaming_config/],
    [
      'MP3 in a stream',
      [{ streamingConfig: { voice, streamingAudioConfig: { audioEncoding: 'MP3' } } }],
      status.INVALID_ARGUMENT,
      /encoding/,
    ],
    [
      'another family in a stream',
      [{ streamingConfig: { voice: { languageCode: 'en-US', name: 'en-US-Neural2-A' } } }],
      status.INTERNAL,
      /Internal error/,
    ],
    [
      'too much text',
      [{ streamingConfig: { voice, streamingAudioConfig: { audioEncoding: 'PCM' } } }, { input: { text: 'é'.repeat(2501) } }],
      status.INVALID_ARGUMENT,
      /5000 bytes/,
    ],
  ])('is refused %s', async (_, requests, code, details) => {
    const { client } = await started()
    await expect(streamed(client, requests)).rejects.toMatchObject({ code, details: expect.stringMatching(details) })
  })

  it('is broken off where it pauses for too long', async () => {
    const { client } = await started({ idleMs: 30 })
    const requests = [{ streamingConfig: { voice, streamingAudioConfig: { audioEncoding: 'PCM' } } }]
    await expect(streamed(client, requests, false)).rejects.toMatchObject({ code: status.ABORTED })
  })

  it('is told of a failure', async () => {
    const { client } = await started({ steps: [refused(status.RESOURCE_EXHAUSTED, 'Quota exceeded.')] })
    const request = { input: { text: 'Hello.' }, voice, audioConfig: { audioEncoding: 'PCM' } } as const
    await expect(client.synthesizeSpeech(request, { ...keyed, retry: null })).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    })
  })
})

const keyed = { otherArgs: { headers: { 'x-goog-api-key': googleKey } } }

async function started(script?: GoogleScript): Promise<{ readonly client: TextToSpeechClient; readonly server: GoogleTts }> {
  const server = await startGoogleTts(script)
  const client = new TextToSpeechClient({
    apiEndpoint: '127.0.0.1',
    port: server.port,
    sslCreds: credentials.createInsecure(),
    // Never used, but without it the client looks for those of the machine.
    credentials: { client_email: 'voice@example.com', private_key: 'none' },
  })
  open.push(server, client)
  return { client, server }
}

async function streamed(client: TextToSpeechClient, requests: readonly object[], ends = true): Promise<Buffer> {
  await client.initialize()
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const stream = client.streamingSynthesize(keyed)
    stream.on('data', ({ audioContent }: { audioContent: Buffer }) => chunks.push(audioContent))
    stream.on('error', reject)
    stream.on('end', () => resolve(Buffer.concat(chunks)))
    for (const request of requests) stream.write(request)
    if (ends) stream.end()
  })
}
