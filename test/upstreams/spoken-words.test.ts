import { describe, expect, it } from 'vitest'
import { mulawToPcm } from '../../audio/g711.ts'
import { startResampling } from '../../audio/resample.ts'
import { noise, quiet, speechMs, speechOf, WordReader } from './spoken-words.ts'

const text = 'I said it: all of them are here, and a few more.'
const words = text.split(' ')

describe('words in sound', () => {
  it.each([8000, 16_000, 24_000, 44_100, 48_000])('can be read again at %i Hz, with their times', (rate) => {
    const format = { encoding: 'pcm', rate } as const
    const reader = new WordReader(format)
    const heard = reader.push(Buffer.concat([quiet(310, format), speechOf(text, format), quiet(100, format)]))
    expect(heard.map((word) => word.text)).toEqual(words)
    for (const [index, { fromMs, toMs, share }] of heard.entries()) {
      const from = 310 + speechMs(words.slice(0, index).join(' ')) + (index > 0 ? 60 : 0)
      expect(Math.abs(fromMs - from)).toBeLessThanOrEqual(20)
      expect(Math.abs(toMs - from - speechMs(words[index] ?? ''))).toBeLessThanOrEqual(20)
      expect(share).toBeGreaterThan(0.6)
    }
  })

  it('can be read in µ-law, after resampling, and cut anywhere', async () => {
    const mulaw = { encoding: 'mulaw', rate: 8000 } as const
    const up = (await startResampling())(8000, 24_000)
    const reader = new WordReader({ encoding: 'pcm', rate: 24_000 })
    const sound = Buffer.from(up.push(mulawToPcm(Buffer.concat([speechOf(text, mulaw), quiet(100, mulaw)]))))
    const heard = []
    for (let at = 0; at < sound.length; at += 777) heard.push(...reader.push(sound.subarray(at, at + 777)))
    expect(heard.map((word) => word.text)).toEqual(words)
  })

  it('are not in noise or silence, and one that is cut is known as such', () => {
    const format = { encoding: 'pcm', rate: 16_000 } as const
    const reader = new WordReader(format)
    expect(reader.push(Buffer.concat([noise(1000, format), quiet(1000, format)]))).toEqual([])
    const [heard] = reader.push(Buffer.concat([speechOf('interrupted', format).subarray(0, 32 * 200), quiet(100, format)]))
    expect(heard?.text).toBe('interrupted')
    expect(heard?.share).toBeLessThan(0.4)
  })
})
