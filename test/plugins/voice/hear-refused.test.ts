import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { wavOf } from '../../../audio/wav.ts'
import { HeardLength } from '../../../plugins/voice/length.ts'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { tone } from '../../audio/tone.ts'
import { type Behaviour, json } from '../../upstreams/behaviour.ts'
import { closeAll, ear, failureOf, listen, said, second, vendor } from './hear-stage.ts'
import { earAt, planOf } from './listening.ts'
import { blockOf, flac, inOrder, mp3, ogg } from './sounds.ts'

afterEach(closeAll)

describe('sound that is no good', () => {
  it('is told of all blocks together, and nothing is sent', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller, measured } = listen({ url: upstream.url, limits: { blockSeconds: 2 } })
    const long = wavOf(tone(440, 8000, 8000 * 3), 8000)
    const blocks = [second, Buffer.from('<html>'), new Uint8Array(), long, ogg(1), mp3(50_000), second].map((file) =>
      blockOf(file),
    )
    const error = await failureOf(hear(planOf(ear, inOrder(blocks)), caller))
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'not_audio',
      param: 'messages[0].content[1]',
    })
    expect(error.message).toBe('messages[0].content[1]: is no file of sound; it looks like an HTML page (and 4 more in issues)')
    expect(error.issues?.map(({ param, code }) => `${param} ${code}`)).toEqual([
      'messages[0].content[1] not_audio',
      'messages[0].content[2] empty',
      'messages[0].content[3] audio_too_long',
      'messages[0].content[4] unsupported_audio',
      'messages[0].content[5] audio_too_long',
    ])
    expect(error.issues?.[2]?.message).toBe('lasts 3 seconds; at most 2 are allowed')
    expect(error.issues?.[4]?.message).toBe('lasts 3600 seconds; at most 2 are allowed')
    expect(upstream.requests).toHaveLength(0)
    expect(measured).toEqual([])
  })

  it('is too much together though no block is too long', async () => {
    const { hear, caller } = listen({ limits: { blockSeconds: 10, totalSeconds: 2.5 } })
    const error = await failureOf(hear(planOf(ear, inOrder([1, 2, 3, 4].map(() => blockOf(second)))), caller))
    expect(error).toMatchObject({ code: 'audio_too_long', param: 'messages[0].content[2]' })
    expect(error.message).toContain('lasts 3 seconds or more; at most 2.5 are allowed together')
  })

  it('is too large', async () => {
    const { hear, caller } = listen({ limits: { blockBytes: 1000 } })
    expect(await failureOf(hear(planOf(ear, [blockOf(second)]), caller))).toMatchObject({ status: 400, code: 'too_large' })
  })

  it('is silence, which nobody is asked about, or what the vendor finds nothing in', async () => {
    const upstream = await vendor(said(' \n'))
    const { hear, caller } = listen({ url: upstream.url })
    const silent = await failureOf(hear(planOf(ear, [blockOf(wavOf(new Uint8Array(32_000), 16_000))]), caller))
    expect(silent).toMatchObject({ status: 400, code: 'no_speech', param: 'messages[0].content[0]' })
    expect(upstream.requests).toHaveLength(0)
    const empty = await failureOf(hear(planOf(ear, inOrder([blockOf(second)])), caller))
    expect(empty).toMatchObject({ status: 400, code: 'no_speech', param: 'messages[0].content[0]' })
    expect(empty.message).toBe('messages[0].content[0]: no speech was heard in it by ear/sharp')
  })

  it('whatever it is, is told as an error or is heard', async () => {
    const { hear, caller } = listen()
    const head = fc.constantFrom(second.subarray(0, 44), second.subarray(0, 20), mp3(2), ogg(1), flac(1), Buffer.alloc(0))
    const mediaType = fc.constantFrom('audio/wav', 'audio/pcm', 'audio/basic')
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 300 }), mediaType, async (begin, rest, type) => {
        const block = blockOf(Buffer.concat([begin, rest]), type, { sampleRate: 8000 })
        await hear(planOf(demoSpeech, [block]), caller).catch((error: unknown) => {
          expect(error).toBeInstanceOf(GatewayError)
          expect(error).toMatchObject({ param: block.param, message: expect.stringMatching(/^messages\[0\]\.content\[0\]: /) })
        })
      }),
      { numRuns: 200 },
    )
  })
})

describe('sound that is longer than its file says', () => {
  const counted = (seconds: number): Behaviour => json({ text: 'much', seconds })

  it('is counted, and refused where the vendor heard far too much', async () => {
    const upstream = await vendor(counted(3600))
    const { hear, caller, measured } = listen({ url: upstream.url })
    const error = await failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    expect(error).toMatchObject({ status: 400, code: 'audio_too_long', param: 'messages[0].content[0]' })
    expect(error.message).toContain('ear/sharp heard 3600 seconds in it; at most 900 are allowed')
    expect(measured).toEqual([['ok', 3600]])
  })

  it('is refused where it is far too much together', async () => {
    const upstream = await vendor(counted(800))
    const { hear, caller } = listen({ url: upstream.url, limits: { parallel: 1 } })
    const error = await failureOf(hear(planOf(ear, inOrder([1, 2, 3].map(() => blockOf(second)))), caller))
    expect(error).toMatchObject({ code: 'audio_too_long', param: 'messages[0].content[2]' })
    expect(error.message).toContain('heard 800 seconds in it, and 2400 in all; at most 1800 are allowed together')
  })

  it('is told by its last word where the vendor counts nothing', () => {
    const words = [{ text: 'late', startMs: 0, endMs: 3_600_000 }]
    const length = new HeardLength({ blockSeconds: 900, totalSeconds: 1800 })
    const sound = { block: blockOf(second), file: { bytes: second, seconds: 1 } }
    expect(length.add(sound, { text: 'late', words }, planOf(ear, []).model)).toMatchObject({ code: 'audio_too_long' })
    expect(length.add(sound, { text: 'late' }, planOf(ear, []).model)).toMatchObject({
      message: expect.stringContaining('in all'),
    })
  })

  it('is heard where the vendor rounds', async () => {
    const upstream = await vendor(counted(901))
    const { hear, caller } = listen({ url: upstream.url })
    expect((await hear(planOf(ear, [blockOf(second)]), caller)).seconds).toBe(901)
  })

  it('is refused by its size where nothing in it tells, and taken where it is small', async () => {
    const webm = (bytes: number): Buffer => Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(bytes)])
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url, limits: { totalSeconds: 1000 } })
    const plan = (...files: Buffer[]) => planOf(earAt(['webm']), inOrder(files.map((file) => blockOf(file))))
    const error = await failureOf(hear(plan(webm(750_000)), caller))
    expect(error).toMatchObject({ status: 400, code: 'audio_too_long' })
    expect(error.message).toContain('does not tell how long it lasts, and may last 1000.1 seconds by its size')
    const together = await failureOf(hear(plan(webm(500_000), webm(500_000)), caller))
    expect(together).toMatchObject({ code: 'audio_too_long', param: 'messages[0].content[1]' })
    expect(upstream.requests).toHaveLength(0)
    await hear(plan(webm(500_000)), caller)
    expect(upstream.requests).toHaveLength(1)
  })
})
