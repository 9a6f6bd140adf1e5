import { describe, expect, it } from 'vitest'
import { sniffAudio } from '../../audio/sniff.ts'
import { mp3Of, opusOf, saidInMp3, saidInOpus } from './compressed.ts'

describe('a file of compressed sound', () => {
  it.each([40, 480, 6000])('is what it says, and lasts %i ms in whole frames', (ms) => {
    const mp3 = sniffAudio(mp3Of('Hello.', ms))
    expect(mp3).toEqual({ kind: 'mp3', codec: undefined, seconds: expect.closeTo((Math.ceil(ms / 24) * 24) / 1000, 6) })
    const opus = sniffAudio(opusOf('Hello.', ms))
    expect(opus).toEqual({ kind: 'ogg', codec: 'opus', seconds: expect.closeTo(ms / 1000, 6) })
  })

  it('holds what was said, also in several', () => {
    const [first, second] = ['Schöne Welt. '.repeat(40), 'नमस्ते']
    expect(saidInMp3(Buffer.concat([mp3Of(first), mp3Of(second, 500)]))).toBe(first + second)
    expect(saidInOpus(Buffer.concat([opusOf(first), opusOf(second, 2000)]))).toBe(first + second)
  })
})
