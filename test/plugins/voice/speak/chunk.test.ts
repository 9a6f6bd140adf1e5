import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { AudioChunkEvent } from '../../../../api/schemas.gen.ts'
import { writtenFrame } from '../../../../api/sse.ts'
import { writtenChunk } from '../../../../plugins/voice/speak/chunk.ts'
import type { TtsEvent } from '../../../../providers/speech.ts'
import { bytesOf, chunksOf, restOf, soundOf, stageFor, startVoice } from './stage.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

describe('a chunk of sound', () => {
  it('stands in the stream as any other event would', () => {
    const sound = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a "audio":"" of\n\ndata: {}'))
    fc.assert(
      fc.property(sound, text, fc.nat(), fc.boolean(), (audio, spoken, seq, isFinal) => {
        const event: AudioChunkEvent = { type: 'audio_chunk', format: 'pcm', audio, text: spoken, seq, is_final: isFinal }
        const { name, json } = writtenChunk(event)
        expect(name).toBe('audio_chunk')
        expect(json).toBe(JSON.stringify(event))
        expect(writtenFrame({ type: 'written', name, json }).match(/\n\n/g)).toHaveLength(1)
      }),
    )
  })

  it('holds all pieces that came together', async () => {
    const { voice, upstream } = await startVoice('ada')
    const text = 'One sentence in many pieces.'
    const sound = soundOf(text)
    async function* inPieces(): AsyncGenerator<TtsEvent> {
      for (let at = 0; at < sound.length; at += 10) yield { type: 'audio', bytes: sound.subarray(at, at + 10) }
      yield { type: 'done', characters: text.length }
    }
    const stage = stageFor({ ...voice, tts: { ...voice.tts, synthesize: inPieces } })
    open.push(upstream, stage)
    const speaking = stage.speaker()
    speaking.push(text)
    speaking.end()
    const events = await restOf(speaking)
    expect(bytesOf(events)).toEqual(Buffer.from(sound))
    expect(chunksOf(events)).toHaveLength(2)
  })
})
