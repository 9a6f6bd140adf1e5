import { spawnSync } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { levelDb } from '../../../../audio/energy.ts'
import type { Voice } from '../../../../plugins/live/effects.ts'
import { sumServed } from '../../../../plugins/live/served.ts'
import { deepgram } from '../../../../providers/deepgram/index.ts'
import { demoSpeech } from '../../../../providers/demo/speech.ts'
import { elevenlabs } from '../../../../providers/elevenlabs/index.ts'
import { openaiAudio } from '../../../../providers/openai-audio/index.ts'
import type { RawFormat, TtsEvent, TtsOptions } from '../../../../providers/speech.ts'
import { missing, titled } from '../../../programs.ts'
import { speechCall } from '../../../speech-call.ts'
import { until } from '../../../until.ts'
import { silence } from '../../../upstreams/behaviour.ts'
import { deepgramKey, startDeepgram } from '../../../upstreams/deepgram.ts'
import { elevenLabsKey, knownVoices, startElevenLabs } from '../../../upstreams/elevenlabs.ts'
import { openAiAudioKey, startOpenAiAudio } from '../../../upstreams/openai-audio.ts'
import { startUpstream } from '../../../upstreams/upstream.ts'
import { randomOf } from '../engines.ts'
import { type Stage, type StageOptions, speakingOf, stageFor, voiceOf } from './stage.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const noSox = missing('sox')

const soft = voiceOf(demoSpeech, 'tones', 'soft')
const format = { encoding: 'pcm', rate: 24_000 } as const

function staged(options: Partial<StageOptions> = {}): Stage {
  const stage = stageFor({ voice: soft, ...options })
  open.push(stage)
  return stage
}

/** What the demo says, as it says it to anybody. */
async function demoSound(text: string, options: Partial<TtsOptions> = {}): Promise<Buffer> {
  const { call } = speechCall('http://localhost', 'sk-test-none', 'tones')
  const parts: Uint8Array[] = []
  const events = demoSpeech.tts?.synthesize(text.trim(), { voice: 'soft', format, ...options }, call) ?? []
  for await (const event of events) if (event.type === 'audio') parts.push(event.bytes)
  return Buffer.concat(parts)
}

describe('a turn', () => {
  it('has a short piece first, and none that is longer than 200 ms or next to nothing', async () => {
    const stage = staged()
    stage.speak(1, 0, 'It is said that the fox, once it has jumped over the dog, rests. ')
    stage.speak(1, 1, 'Then it sleeps.')
    await stage.said(1, 2)
    const lengths = stage.pieces.map(({ piece }) => piece.ms)
    expect(lengths[0]).toBeLessThanOrEqual(100)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(200)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(5)
    let at = 0
    for (const { piece, fromMs } of stage.pieces) {
      expect(fromMs).toBeCloseTo((at * 1000) / 48_000, 9)
      at += piece.bytes.length
    }
  })

  it('is heard from the first 20 ms on that come of a voice that makes no more at a time', async () => {
    const frame = Buffer.alloc(960, 1)
    let comes = (): void => undefined
    const more = new Promise<void>((resolve) => {
      comes = resolve
    })
    const { connect: _, ...withoutLine } = soft.tts
    const trickling = voiceOf({ ...demoSpeech, tts: { ...withoutLine, synthesize: inFrames } }, 'tones', 'soft')
    const stage = staged({ voice: trickling })
    stage.speak(1, 0, 'Hello there, my friend.')
    await until(() => stage.pieces.length > 0)
    expect(stage.pieces.map(({ piece }) => piece.ms)).toEqual([15])
    comes()
    await stage.said(1, 1)
    expect(stage.pieces.map(({ piece }) => piece.ms)).toEqual([15, 20, 5])

    async function* inFrames(): AsyncGenerator<TtsEvent> {
      yield { type: 'audio', bytes: frame }
      await more
      yield { type: 'audio', bytes: frame }
      yield { type: 'done' }
    }
  })

  it('waits with the next piece until one is given out, and with all sound while it is held', async () => {
    const stage = staged()
    stage.isAnswering = false
    stage.mouth.hold(1)
    stage.speak(1, 0, 'Hello there, my friend.')
    stage.isAnswering = true
    const before = sumServed(stage.mouth.served)
    await until(() => sumServed(stage.mouth.served) > 0)
    expect(before).toBe(0)
    expect(stage.told.filter(({ event }) => event.type !== 'made')).toEqual([])
    stage.isAnswering = false
    stage.mouth.release(1)
    await until(() => stage.told.some(({ event }) => event.type === 'sound'))
    expect(stage.told.filter(({ event }) => event.type === 'sound')).toHaveLength(1)
    stage.mouth.hold(1)
    expect(stage.mouth.giveOut(1)).toBeUndefined()
    stage.mouth.release(1)
    const [first, again] = stage.told.flatMap(({ event }) => (event.type === 'sound' ? [event] : []))
    expect(again).toEqual(first)
    stage.isAnswering = true
    stage.answer(1)
    await stage.said(1, 1)
    expect(stage.sound(1).equals(await demoSound('Hello there, my friend.'))).toBe(true)
  })

  it('tells how long each sentence is as soon as its voice has made it, also while it is held', async () => {
    const texts = ['Hello there, my friend. ', 'Good-bye.']
    const stage = staged()
    stage.mouth.hold(1)
    for (const [index, text] of texts.entries()) stage.speak(1, index, text)
    await until(() => stage.told.length > 0)
    const lengths = await Promise.all(texts.map(async (text) => (await demoSound(text)).length / 48))
    const made = (sentence: number) => ({
      turn: 1,
      event: { type: 'made', attempt: 1, sentence, lengthMs: expect.closeTo(lengths[sentence] ?? 0, 6) },
    })
    expect(stage.told).toEqual([made(0)])
    stage.mouth.release(1)
    await stage.said(1, 2)
    expect(stage.told.filter(({ event }) => event.type === 'made')).toEqual([made(0), made(1)])
    const kinds = stage.told.flatMap(({ event }) => (event.type !== 'sound' && event.type !== 'aligned' ? [event.type] : []))
    expect(kinds).toEqual(['made', 'said', 'made', 'said'])
  })

  it('is told of again from any place, and goes on where it was', async () => {
    const stage = staged()
    stage.speak(1, 0, 'Hello there, my friend. ')
    await stage.said(1, 1)
    const whole = await demoSound('Hello there, my friend.')
    stage.mouth.rewind(1, 333.3)
    expect(stage.sound(1).equals(Buffer.concat([whole, whole.subarray(2 * Math.round(333.3 * 24))]))).toBe(true)
    stage.speak(1, 1, 'Good-bye.')
    await until(() => stage.told.some(({ event }) => event.type === 'said' && event.sentence === 1))
    expect(stage.pieces.at(-1)?.fromMs).toBeCloseTo(
      (whole.length + (await demoSound('Good-bye.')).length) / 48 - (stage.pieces.at(-1)?.piece.ms ?? 0),
      6,
    )
    const words = stage.pieces.flatMap(({ piece }) => piece.alignment?.tokens ?? [])
    expect(words).toEqual(['Hello', 'there,', 'my', 'friend.', 'there,', 'my', 'friend.', 'Good-bye.'])
  })

  it('has what nobody pronounces said at once', async () => {
    const stage = staged()
    stage.speak(1, 0, '… ')
    expect(stage.told).toEqual([{ turn: 1, event: { type: 'said', attempt: 1, sentence: 0 } }])
    expect(sumServed(stage.mouth.served)).toBe(0)
  })

  it('is as loud as the voice, in either encoding', async () => {
    for (const audioOut of [format, { encoding: 'mulaw', rate: 8000 }] satisfies RawFormat[]) {
      const stage = staged({ audioOut })
      stage.speak(1, 0, 'Hello there, my friend.')
      await stage.said(1, 1)
      const loudest = Math.max(...stage.pieces.map(({ piece }) => piece.levelDb))
      expect(Math.abs(loudest - levelDb(await demoSound('Hello')))).toBeLessThan(4)
    }
  })

  it.skipIf(noSox)(titled('sounds as long and as loud to others as it says', noSox), async () => {
    const stage = staged()
    stage.speak(1, 0, 'Hello there, my friend. ')
    stage.speak(1, 1, 'Good-bye.')
    await stage.said(1, 2)
    const raw = ['-t', 'raw', '-r', '24000', '-e', 'signed', '-b', '16', '-c', '1']
    const { stderr } = spawnSync('sox', [...raw, '-', '-n', 'stat'], { input: stage.sound(1), encoding: 'utf8' })
    const read = (name: string): number => Number(new RegExp(`${name}:?\\s+(-?[\\d.]+)`).exec(stderr)?.[1])
    const ms = stage.pieces.reduce((sum, { piece }) => sum + piece.ms, 0)
    expect(read('Length \\(seconds\\)')).toBeCloseTo(ms / 1000, 5)
    // Five words at 170 a minute.
    expect(ms).toBeCloseTo((5 * 60_000) / 170, 0)
    expect(20 * Math.log10(read('Maximum amplitude'))).toBeCloseTo(-18, 0)
  })

  it('reads no more of the vendor than two seconds ahead (pitfall 21)', async () => {
    const stage = staged()
    stage.isAnswering = false
    const text = Array.from({ length: 2000 }, (_, index) => `word${index}`).join(' ')
    stage.speak(1, 0, text)
    await until(() => stage.told.some(({ event }) => event.type === 'sound'))
    stage.mouth.close(1)
    expect(stage.outcomes).toEqual([])
    await until(() => stage.outcomes.length > 0)
    expect(stage.outcomes).toEqual(['cancelled'])
  })

  it('has neither more nor less sound however it is held, told of again and answered', async () => {
    const texts = [
      'It is said that the fox, once it has jumped over the dog, rests. ',
      'Then it sleeps. ',
      '* ',
      'And dreams of dogs!',
    ]
    const whole = Buffer.concat(await Promise.all(texts.map((text) => demoSound(text === '* ' ? '' : text))))
    for (let seed = 1; seed <= 40; seed++) {
      const { chance, between } = randomOf(seed)
      const stage = staged()
      stage.isAnswering = false
      const heard = Buffer.alloc(whole.length, 0x7f)
      let [asked, isHeld, cursor, rewinds] = [0, false, 0, 0]
      const saidCount = (): number =>
        new Set(stage.told.flatMap(({ event }) => (event.type === 'said' ? [event.sentence] : []))).size
      const step = (): boolean => {
        if (asked < texts.length && chance(0.3)) stage.speak(1, asked, texts[asked++] ?? '')
        if (chance(0.2)) {
          isHeld = !isHeld
          if (isHeld) stage.mouth.hold(1)
          else stage.mouth.release(1)
        }
        if (cursor > 0 && rewinds < 6 && chance(0.1)) {
          rewinds++
          cursor = between(0, cursor / 2) * 2
          stage.mouth.rewind(1, cursor / 48)
        }
        for (let times = between(0, 4); times > 0; times--) {
          const piece = stage.mouth.giveOut(1)
          if (!piece) break
          expect(isHeld).toBe(false)
          heard.set(piece.bytes, cursor)
          cursor += piece.bytes.length
        }
        return asked === texts.length && saidCount() === texts.length && cursor === whole.length
      }
      while (!step()) await setImmediate()
      expect(heard.equals(whole), `seed ${seed}`).toBe(true)
      const sentences = stage.told.flatMap(({ event }) => (event.type === 'said' ? [event.sentence] : []))
      expect([...new Set(sentences)]).toEqual([0, 1, 2, 3])
    }
  })

  it('lets nothing of a turn come after it was closed, whenever that is (pitfall 8)', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { between } = randomOf(seed)
      const stage = staged()
      stage.speak(1, 0, 'It is said that the fox, once it has jumped over the dog, rests. ')
      stage.speak(1, 1, 'Then it sleeps. ')
      const pieces = between(0, 20)
      await until(() => stage.pieces.length >= pieces)
      stage.mouth.close(1)
      const count = stage.told.length
      stage.speak(2, 0, 'Hello.')
      await stage.said(2, 1)
      expect(stage.told.slice(count).every(({ turn }) => turn === 2)).toBe(true)
      expect(stage.sound(2).equals(await demoSound('Hello.'))).toBe(true)
    }
  })
})

describe('a voice that fails', () => {
  it('is followed by those that stand in for it, and the one that speaks is asked first from then on', async () => {
    const broken = await startUpstream({ kind: 'reply', status: 500, body: 'oops' })
    const works = await startElevenLabs()
    open.push(broken, works)
    const stage = staged({
      voice: voiceOf(deepgram, 'aura-2', 'aura-2-thalia-en'),
      fallbacks: [voiceOf(openaiAudio, 'gpt-4o-mini-tts', 'alloy'), voiceOf(elevenlabs, 'eleven_v3', knownVoices[0] ?? '')],
      urls: { deepgram: broken.url, openai: broken.url, elevenlabs: works.url },
      keys: { elevenlabs: elevenLabsKey },
    })
    stage.speak(1, 0, 'Hello. ')
    await stage.failed(1)
    stage.mouth.close(1)
    stage.speak(1, 0, 'Hello. ', 2, 'fallback')
    await stage.said(1, 1)
    stage.speak(1, 1, 'Good-bye.', 2, 'fallback' satisfies Voice)
    await stage.said(1, 2)
    const toOpenAi = broken.requests.filter(({ path }) => path.includes('/audio/speech'))
    expect(toOpenAi).toHaveLength(1)
    expect(works.requests).toHaveLength(2)
    // The first was never reached.
    expect(stage.mouth.served).toEqual([
      { model: 'openai/gpt-4o-mini-tts', provider: 'openai', amount: 6 },
      { model: 'elevenlabs/eleven_v3', provider: 'elevenlabs', amount: 15 },
    ])
  })

  it('that is left alone is not asked', async () => {
    const upstream = await startOpenAiAudio()
    open.push(upstream)
    const stage = staged({
      voice: voiceOf(openaiAudio, 'gpt-4o-mini-tts', 'alloy'),
      urls: { openai: `${upstream.url}/v1` },
      leftAlone: ['openai'],
    })
    stage.speak(1, 0, 'Hello.')
    await stage.failed(1)
    expect(upstream.requests).toEqual([])
    expect(sumServed(stage.mouth.served)).toBe(0)
  })

  it('frees what it holds as soon as it is closed while it says nothing (pitfall 9)', async () => {
    const upstream = await startUpstream(silence)
    open.push(upstream)
    const stage = staged({
      voice: voiceOf(openaiAudio, 'gpt-4o-mini-tts', 'alloy'),
      urls: { openai: `${upstream.url}/v1` },
      keys: { openai: openAiAudioKey },
    })
    stage.speak(1, 0, 'Hello.')
    await upstream.waitForRequest()
    stage.mouth.close(1)
    await upstream.waitForClose()
    await until(() => stage.outcomes.length > 0)
    expect(stage.outcomes).toEqual(['cancelled'])
    expect(stage.told).toEqual([])
  })
})

describe('a line that is used up', () => {
  it('of Aura, which takes twenty flushes a minute, is replaced by another', async () => {
    const upstream = await startDeepgram()
    open.push(upstream)
    const voice = voiceOf(deepgram, 'aura-2', 'aura-2-thalia-en')
    const stage = staged({ voice, urls: { deepgram: upstream.url }, keys: { deepgram: deepgramKey } })
    for (let index = 0; index < 45; index++) {
      stage.speak(1, index, `This is ${index}. `)
      await stage.said(1, index + 1)
    }
    expect(stage.outcomes).toEqual(Array.from({ length: 45 }, () => 'ok'))
    expect(upstream.sockets.length).toBe(3)
    expect(upstream.sockets.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(2)
  })

  it('of ElevenLabs, which says late or never that contexts are over, is replaced before it is closed (pitfall 7)', async () => {
    const upstream = await startElevenLabs({ socket: { isEndless: true } })
    open.push(upstream)
    const voice = voiceOf(elevenlabs, 'eleven_flash_v2_5', knownVoices[0] ?? '')
    const stage = staged({ voice, urls: { elevenlabs: upstream.url }, keys: { elevenlabs: elevenLabsKey } })
    for (let turn = 1; turn <= 12; turn++) {
      stage.speak(turn, 0, 'Hello there.')
      await until(() => stage.pieces.some((piece) => piece.turn === turn))
      stage.mouth.close(turn)
    }
    const failures = stage.told.filter(({ event }) => event.type === 'failed')
    expect(failures).toEqual([])
    for (const { received } of upstream.sockets) {
      const opened = received.filter((message) => String(message).includes('"text":" "'))
      expect(opened.length).toBeLessThanOrEqual(5)
    }
    expect(upstream.sockets.length).toBe(3)
  })
})

describe('another voice', () => {
  it('speaks from the next turn on, and the line of the one before is closed', async () => {
    const upstream = await startDeepgram()
    open.push(upstream)
    const stage = staged({
      voice: voiceOf(deepgram, 'aura-2', 'aura-2-thalia-en'),
      urls: { deepgram: upstream.url },
      keys: { deepgram: deepgramKey },
    })
    stage.speak(1, 0, 'Hello. ')
    stage.mouth.change(speakingOf(soft))
    stage.speak(1, 1, 'Hello again.')
    await stage.said(1, 2)
    expect(stage.outcomes).toEqual(['ok', 'ok'])
    stage.speak(2, 0, 'Good-bye.')
    await stage.said(2, 1)
    expect(stage.sound(2).equals(await demoSound('Good-bye.'))).toBe(true)
    await upstream.waitForConnections(0)
    expect(stage.traced.filter((each) => each === 'speak')).toHaveLength(3)
  })
})
