import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { missing, titled } from '../programs.ts'
import { bytesOf, soundIn, streamed } from './answers.ts'
import { stt } from './ears.ts'

/** Speech that another program has made is heard, and another program measures what is spoken. */

let gateway: Gateway
const folder = mkdtempSync(join(tmpdir(), 'vai-speech-'))
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

const [noEspeak, noSox] = [missing('espeak-ng'), missing('sox')]

function ask(more: object): Promise<Response> {
  return gateway.post({ model: 'demo/echo', max_tokens: 1000, ...more })
}

describe.skipIf(noEspeak)(titled('what espeak-ng says', noEspeak), () => {
  const say = (text: string, ...options: string[]): Buffer => {
    const file = join(folder, 'said.wav')
    execFileSync('espeak-ng', [...options, '-w', file, text], { timeout: 20_000 })
    return readFileSync(file)
  }

  it.each([
    ['English', 'en', 'The train to Berlin leaves at noon from track number four.'],
    ['Hindi', 'hi', 'ट्रेन दोपहर को चलती है।'],
    ['German', 'de', 'Der Zug nach Berlin fährt um zwölf Uhr.'],
  ])('is heard as speech: %s', async (_, voice, text) => {
    const wav = say(text, '-v', voice)
    const message = await messageOf(await ask({ stt_model: 'demo/meter', messages: [{ role: 'user', content: [stt(wav)] }] }))
    const [transcript] = message.metadata?.transcripts ?? []
    expect(transcript?.text).toMatch(/^(?:Speech of \d+\.\d seconds\. ?)+$/)
    const heard = [...(transcript?.text ?? '').matchAll(/\d+\.\d/g)].reduce((sum, [seconds]) => sum + Number(seconds), 0)
    const whole = transcript?.seconds ?? 0
    expect(whole).toBeGreaterThan(1)
    expect(heard).toBeGreaterThan(whole * 0.5)
    expect(heard).toBeLessThanOrEqual(whole + 0.1)
    expect(message.usage.voice?.heard_seconds).toBeCloseTo(whole, 2)
  })

  it.skipIf(noSox)(titled('is heard in other forms too: at 8 kHz in µ-law, in two channels, as FLAC', noSox), async () => {
    const file = join(folder, 'source.wav')
    writeFileSync(file, say('One, two, three, four, five.'))
    const forms = [
      ['ul.wav', ['-r', '8000', '-e', 'u-law']],
      ['stereo.wav', ['-r', '96000', '-b', '24', '-c', '2']],
      ['flac', ['-r', '16000', '-b', '16']],
    ] as const
    for (const [name, options] of forms) {
      const to = join(folder, `as.${name}`)
      execFileSync('sox', [file, ...options, to], { timeout: 20_000 })
      const content = [stt(readFileSync(to))]
      const message = await messageOf(await ask({ stt_model: 'demo/meter', messages: [{ role: 'user', content }] }))
      expect(message.metadata?.user_transcript, name).toMatch(/^Speech of/)
    }
  })
})

describe.skipIf(noSox)(titled('what sox measures', noSox), () => {
  const text = 'This is a sentence of nine words, no more. And another one of eight words is here.'
  const words = text.split(' ').length

  /** What `soxi` and `sox … stat` tell of a file. */
  function measure(bytes: Uint8Array): {
    rate: number
    channels: number
    samples: number
    bits: number
    peak: number
    rms: number
  } {
    const file = join(folder, 'spoken.wav')
    writeFileSync(file, bytes)
    const soxi = (option: string): number =>
      Number(execFileSync('sox', ['--info', option, file], { encoding: 'utf8', timeout: 20_000 }))
    const { stderr } = spawnSync('sox', [file, '-n', 'stat'], { encoding: 'utf8', timeout: 20_000 })
    const stat = (name: string): number => Number(new RegExp(`${name}:\\s+(-?[\\d.]+)`).exec(stderr)?.[1])
    return {
      rate: soxi('-r'),
      channels: soxi('-c'),
      samples: soxi('-s'),
      bits: soxi('-b'),
      peak: stat('Maximum amplitude'),
      rms: stat('RMS\\s+amplitude'),
    }
  }

  it.each([undefined, 8000, 16_000, 44_100, 48_000])('is as long, as loud and as fine as it should be: at %s', async (rate) => {
    const output = { voice: 'demo/soft', ...(rate !== undefined && { sample_rate: rate }) }
    const message = await messageOf(await ask({ voice: { output }, messages: [{ role: 'user', content: text }] }))
    const measured = measure(bytesOf(soundIn(message)))
    expect(measured).toMatchObject({ rate: rate ?? 24_000, channels: 1, bits: 16 })
    // 170 words a minute.
    expect(measured.samples / measured.rate).toBeCloseTo((words * 60) / 170, 2)
    // 18 decibels below full scale.
    expect(20 * Math.log10(measured.peak)).toBeCloseTo(-18, 0)
    expect(measured.rms).toBeGreaterThan(0.02)
    expect(message.usage.voice?.spoken_seconds).toBeCloseTo(measured.samples / measured.rate, 3)
  })

  it('is as long in a stream, whose header leaves the length open', async () => {
    const request = { voice: { output: { voice: 'demo/low' } }, messages: [{ role: 'user', content: text }] }
    const [whole, parts] = [soundIn(await messageOf(await ask(request))), await streamed(await ask({ ...request, stream: true }))]
    // Each clause begins at a whole sample.
    expect(Math.abs(parts.audio.length - bytesOf(whole).length)).toBeLessThanOrEqual(8)
    const file = join(folder, 'stream.wav')
    writeFileSync(file, parts.audio)
    const to = join(folder, 'copy.wav')
    execFileSync('sox', ['--ignore-length', file, to], { timeout: 20_000 })
    expect(measure(readFileSync(to)).samples).toBe((parts.audio.length - 44) / 2)
  })

  it('is heard by the gateway itself, as long as it spoke', async () => {
    const spoken = soundIn(
      await messageOf(await ask({ voice: { output: { voice: 'demo/bright' } }, messages: [{ role: 'user', content: text }] })),
    )
    const content = [stt(bytesOf(spoken))]
    const message = await messageOf(await ask({ stt_model: 'demo/meter', messages: [{ role: 'user', content }] }))
    expect(message.metadata?.transcripts?.[0]?.seconds).toBeCloseTo((words * 60) / 170, 2)
  })
})
